#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// The rule for the text of secrets and of every other connection field: UTF-8; no byte order mark;
/// no invisible characters; no space or line break at either end; no control characters except
/// inner line breaks. A multi-line text, such as a PEM key, may end in one line break. This detects
/// what copying, an editor or a shell added invisibly when the configuration is read, before a
/// vendor rejects a password. Returns an empty string if the value is valid, else the end of a
/// sentence that reveals nothing of the value.
std::string secret_trouble(std::string_view value);

/// The same for an API key, which must fit in an Authorization header: visible ASCII only.
std::string api_key_trouble(std::string_view key);

}  // namespace penstock::config
