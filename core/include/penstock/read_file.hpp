#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

namespace penstock {

/// Reads a whole file, device or pipe (`-c <(make-config)`). On failure returns a text to append to
/// the file's name: " cannot be read: Permission denied", " is larger than 16 MiB". Reads no
/// further than `largest` bytes, and does not wait long for a pipe that nobody writes to.
/// [any-thread; may block]
Result<std::string, std::string> read_file(const std::filesystem::path& file, std::size_t largest);

}  // namespace penstock
