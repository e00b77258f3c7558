#include "upstream/http1_request.hpp"

#include <algorithm>
#include <array>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "upstream/content_decoder.hpp"

namespace penstock::upstream {
namespace {

constexpr std::array framing = {
    "host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade"};

bool is_origin_form(std::string_view target) {
  return target.starts_with('/') &&
         std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

/// RFC 9110 section 8.6: methods that may have content send Content-Length: 0 if they have none;
/// some servers require it (411).
bool expects_content(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

bool decodes(const Request& request) {
  return !request.sink && !request.headers.has("accept-encoding");
}

Result<std::string, std::string> write_head(const Request& request) {
  if (!is_token(request.method)) return failure(std::string("the method is not a token"));
  if (!is_origin_form(request.target)) return failure(std::string("the target is not origin-form"));
  std::size_t size = request.method.size() + request.target.size() + request.to.host.size() + 128;
  for (const Field& field : request.headers)
    size += field.name.size() + field.value.size() + 4;
  std::string head;
  head.reserve(size + (request.body.size() < 65536 ? request.body.size() : 0));
  head.append(request.method)
      .append(" ")
      .append(request.target)
      .append(" HTTP/1.1\r\nHost: ")
      .append(request.to.host);
  if (request.to.port != 443) head.append(":").append(std::to_string(request.to.port));
  head.append("\r\n");
  for (const Field& field : request.headers) {
    if (!is_token(field.name) || !is_field_value(field.value))
      return failure(std::string("a header violates RFC 9110"));
    const bool framed = std::ranges::any_of(
        framing, [&](const char* name) { return equal_ignoring_case(field.name, name); });
    if (framed) return failure("the header " + field.name + " is set by the engine");
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (decodes(request)) head.append("Accept-Encoding: ").append(accepted_codings).append("\r\n");
  if (request.accepts_trailers) head.append("TE: trailers\r\nConnection: TE\r\n");
  if (request.source && !request.source_length) {
    head.append("Transfer-Encoding: chunked\r\n");
  } else if (request.source || request.has_body || expects_content(request.method)) {
    const std::uint64_t length = request.source     ? *request.source_length
                                 : request.has_body ? request.body.size()
                                                    : 0;
    head.append("Content-Length: ").append(std::to_string(length)).append("\r\n");
  }
  return std::move(head.append("\r\n"));
}

}  // namespace penstock::upstream
