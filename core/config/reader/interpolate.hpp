#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <penstock/result.hpp>

namespace penstock::config {

/// Replaces ${env:NAME}, ${env:NAME:-default} and ${file:/path}; $$ becomes a literal $. Inserted
/// text is never parsed as YAML. One trailing line break of a file is dropped, because editors and
/// `echo` write one. Relative paths are resolved against `directory`. The error says what is
/// missing, and contains no value.
Result<std::string, std::string> interpolate(std::string_view text,
                                             const std::filesystem::path& directory);

/// Whether interpolate() would turn a $$ in the text into one $. A password with two $ would lose
/// one.
bool has_escaped_dollar(std::string_view text);

}  // namespace penstock::config
