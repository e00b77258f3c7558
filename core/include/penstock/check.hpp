#pragma once

#include <filesystem>

#include <penstock/config.hpp>

namespace penstock {

/// Everything that is wrong in a configuration file, in the plugins that it names and between the
/// two, at once: a slip in one place hides nothing that is wrong in another, and what only follows
/// from a problem is not told as well. Sorted by file, line and column, each problem once. Empty:
/// all is fine.
///
/// Nothing is written, and nothing is connected to. Plugins that pass their checks are loaded, so
/// that their create() runs, and stay mapped until the process ends; where `plugins` itself cannot
/// be read none is, since its pins might be what is wrong. [any-thread; reads files and environment]
ConfigProblems check_config(const std::filesystem::path& file);

/// What is valid in a configuration file and perhaps not what was meant: a `$$`, which stands for
/// one `$`. Sorted; such a file is fine for check_config() all the same. [any-thread; reads files
/// and environment]
ConfigProblems config_notes(const std::filesystem::path& file);

}  // namespace penstock
