#pragma once

#include <string>

#include <penstock/result.hpp>

#include "upstream/client.hpp"

namespace penstock::upstream {

/// Serialises the head of an HTTP/1.1 request, including Host, Content-Length and Accept-Encoding.
/// Validates every byte once more: method and names are tokens, values are field values, the target
/// is in origin-form. The error says what is wrong.
Result<std::string, std::string> write_head(const Request& request);

/// Whether the response is to be decoded: there is no sink, and the caller has not set an
/// Accept-Encoding.
bool decodes(const Request& request);

}  // namespace penstock::upstream
