#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// The one rule for the text of secrets, and of every other field of a connection: UTF-8; no byte
/// order mark; nothing invisible, and no blank or line end at an edge; no control characters but
/// line ends inside. A text of several lines, such as a key in PEM form, may end in one line break.
/// What a copy, an editor or a shell adds unseen is so told when the configuration is read, rather
/// than by a vendor who refuses a password. Empty: fine; else the end of a sentence, which shows
/// nothing of the value.
std::string secret_trouble(std::string_view value);

/// The same for an API key, which has to go through an Authorization header: visible ASCII alone.
std::string api_key_trouble(std::string_view key);

}  // namespace penstock::config
