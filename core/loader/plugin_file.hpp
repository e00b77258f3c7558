#pragma once

#include <filesystem>
#include <string>

#include <penstock/result.hpp>

namespace penstock::loader {

/// A folder of this process alone (0700), removed with all that is in it. Plugins are loaded from
/// copies in it: the bytes that were checked are the bytes that get mapped, and each copy has a
/// path that was never loaded before.
class StagingFolder {
 public:
  static Result<StagingFolder, std::string> make();

  StagingFolder(StagingFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  StagingFolder& operator=(StagingFolder&&) = delete;
  ~StagingFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit StagingFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// A plugin's file, read once.
struct PluginFile {
  std::filesystem::path path;  ///< where the user put it
  std::string bytes;
  std::string sha256;  ///< lower-case hex
};

/// Empty where nobody but this user and root can write the folder; who may could add a plugin.
std::string who_else_writes(const std::filesystem::path& folder);

/// Reads a file that only its owner, who is this user or root, can write; so must its folder be.
Result<PluginFile, std::string> read_plugin_file(const std::filesystem::path& path);

/// Writes the bytes under a path that is new in this process.
Result<std::filesystem::path, std::string> stage(const StagingFolder& folder,
                                                 const PluginFile& file);

}  // namespace penstock::loader
