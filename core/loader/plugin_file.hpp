#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

namespace penstock::loader {

/// The content of a plugin's file, read once.
struct PluginFile {
  std::filesystem::path path;  ///< where it was read from
  std::string bytes;
  std::string sha256;  ///< lower-case hex
};

/// Whether the configuration names the digest of every plugin (plugins.pins).
enum class Pinned : std::uint8_t { no, yes };

/// Why a folder of plugins is not safe to load from, and how to fix it: anyone who can write to it
/// could add a plugin, which would run with all rights of this process. A group may write to it if
/// every plugin is pinned. Empty: it is safe, or it does not exist, which is reported when it is
/// read.
std::string writable_by_others(const std::filesystem::path& folder, Pinned pinned);

/// Reads a plugin file. The file and its folder must be safe in the sense of writable_by_others(),
/// and the file must be regular and at most 64 MiB large. The error is a sentence.
Result<PluginFile, std::string> read_plugin_file(const std::filesystem::path& path, Pinned pinned);

}  // namespace penstock::loader
