#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

namespace penstock {

/// All of a file, a device or a pipe (`-c <(make-config)`). Fails with what follows the file's name
/// in a sentence: " cannot be read: Permission denied", " is larger than 16 MiB". Neither reads on
/// beyond `largest` nor waits for long where nobody writes into a pipe. [any-thread; may block]
Result<std::string, std::string> read_file(const std::filesystem::path& file, std::size_t largest);

}  // namespace penstock
