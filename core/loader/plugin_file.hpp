#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

namespace penstock::loader {

/// A plugin's file, read once.
struct PluginFile {
  std::filesystem::path path;  ///< where the user put it
  std::string bytes;
  std::string sha256;  ///< lower-case hex
};

/// Whether the configuration names the digest of every plugin (plugins.pins).
enum class Pinned : std::uint8_t { no, yes };

/// Why a folder of plugins is not safe to load from, and what to do: whoever may write it could add
/// a plugin, which would run with all rights of this process. Where every plugin is pinned, a group
/// may. Empty: it is safe, or is not there, which whoever reads it will say.
std::string writable_by_others(const std::filesystem::path& folder, Pinned pinned);

/// Reads a file that, with its folder, is as safe as who_else_writes() wants it.
Result<PluginFile, std::string> read_plugin_file(const std::filesystem::path& path, Pinned pinned);

}  // namespace penstock::loader
