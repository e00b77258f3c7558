#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <penstock/result.hpp>

namespace penstock::config {

/// Puts ${env:NAME}, ${env:NAME:-default} and ${file:/path} in their places; $$ is a literal $.
/// What is put in is text and never read as YAML again. Of a file one line break at its end is
/// dropped, as editors and `echo` write it; relative paths start at `directory`. The error says
/// what is missing, without any value.
Result<std::string, std::string> interpolate(std::string_view text,
                                             const std::filesystem::path& directory);

/// Whether interpolate() makes one $ of a $$ in it: what a password with two $ would lose.
bool has_escaped_dollar(std::string_view text);

}  // namespace penstock::config
