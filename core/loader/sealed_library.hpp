#pragma once

#include <string>

#include <penstock/result.hpp>

#include "loader/plugin_file.hpp"

namespace penstock::loader {

/// A plugin's bytes in a sealed memory file (memfd), which cannot be changed any more: what was
/// checked is what gets mapped. Nothing is written to a disk, so read-only roots and mounts without
/// exec do not matter, and a crash leaves nothing behind.
class SealedLibrary {
 public:
  /// The error is a sentence that says what the system refuses and which setting allows it.
  static Result<SealedLibrary, std::string> make(const PluginFile& file);

  SealedLibrary(SealedLibrary&& other) noexcept;
  SealedLibrary& operator=(SealedLibrary&&) = delete;
  ~SealedLibrary();

  /// A path for dlopen(), valid as long as this object lives. Each is unique within the process:
  /// for a path that was loaded before, glibc would return the earlier library.
  const std::string& path() const { return path_; }

 private:
  SealedLibrary(int descriptor, std::string path);

  int descriptor_;
  std::string path_;
};

}  // namespace penstock::loader
