#pragma once

#include <string>

#include <penstock/result.hpp>

#include "upstream/client.hpp"

namespace penstock::upstream {

/// The head of an HTTP/1.1 request, with Host, Content-Length and Accept-Encoding in place. Every
/// byte is checked once more: method and names are tokens, values are field values, the target is
/// origin-form. The error says what is wrong.
Result<std::string, std::string> write_head(const Request& request);

/// Whether the answer is to be decoded: the caller has not asked for an encoding of its own.
bool decodes(const Request& request);

}  // namespace penstock::upstream
