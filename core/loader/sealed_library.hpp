#pragma once

#include <string>

#include <penstock/result.hpp>

#include "loader/plugin_file.hpp"

namespace penstock::loader {

/// A plugin's bytes in a memory file that nobody can change any more: what was checked is what gets
/// mapped. Nothing of it is on a disk, so that neither a read-only root nor a mount without exec
/// matters, and a crash leaves nothing behind.
class SealedLibrary {
 public:
  /// The error is a sentence that says what the system refuses and which setting allows it.
  static Result<SealedLibrary, std::string> make(const PluginFile& file);

  SealedLibrary(SealedLibrary&& other) noexcept;
  SealedLibrary& operator=(SealedLibrary&&) = delete;
  ~SealedLibrary();

  /// For dlopen(), as long as this object lives. No library of this process was loaded by the same
  /// text before: glibc would answer with that one.
  const std::string& path() const { return path_; }

 private:
  SealedLibrary(int descriptor, std::string path);

  int descriptor_;
  std::string path_;
};

}  // namespace penstock::loader
