#pragma once

#include <filesystem>

#include <penstock/config.hpp>

namespace penstock {

/// Returns every error in a configuration file, in the plugins that it names and between the two.
/// One error does not hide another in a different place, and errors that only follow from another
/// error are not reported. Sorted by file, line and column, without duplicates. Empty: no errors.
///
/// Writes nothing and opens no network connection. Loads the plugins that pass their checks, so
/// their create() runs and their code stays mapped until the process exits. If the `plugins`
/// section is invalid, no plugin is loaded, because its pins may be the invalid part. [any-thread;
/// reads files and environment]
ConfigProblems check_config(const std::filesystem::path& file);

/// Returns notes about input that is valid but perhaps unintended: a `$$`, which is an escaped `$`.
/// Sorted. check_config() does not report these. [any-thread; reads files and environment]
ConfigProblems config_notes(const std::filesystem::path& file);

}  // namespace penstock
