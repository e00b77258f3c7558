#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "http/request_target.hpp"

namespace penstock::server {
namespace {

constexpr std::array<std::string_view, 9> once_only = {
    "host",   "authorization",    "content-type",     "content-length", "transfer-encoding",
    "expect", "content-encoding", "x-integration-id", "soapaction"};

/// Names of framing and identity fields. Some parsers read `_` as `-`, so a name that differs from
/// one of these only in that way is rejected; in any other name an underscore is an ordinary
/// character.
constexpr std::array<std::string_view, 8> without_twins = {
    "content-length",   "content-type",  "content-encoding", "transfer-encoding",
    "x-integration-id", "x-api-options", "keep-alive",       "proxy-authorization"};

Failure<HeadError> refuse(std::string message, int status = 400, std::string_view allow = {}) {
  return failure(HeadError{status, std::move(message), std::string(allow)});
}

/// Removes the first line and returns it without its CRLF; nullopt if it ends in anything else.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos || rest.substr(end, 2) != "\r\n") return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

bool is_method(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }) &&
         text.front() != '-';
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

/// Whether `target` is printable ASCII without spaces and without a fragment.
bool is_plain(std::string_view target) {
  return std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

Result<Ok, HeadError> read_method(std::string_view method, RequestHead& head) {
  if (!is_method(method)) {
    const std::string capitals = upper(method);
    if (is_method(capitals)) return refuse("methods are written in capitals: write " + capitals);
    return refuse("the method is malformed");
  }
  head.method = method;
  return Ok{};
}

Result<Ok, HeadError> read_version(std::string_view version, RequestHead& head) {
  if (version == "HTTP/2.0" && head.method == "PRI") {
    return refuse("HTTP/2 is not supported: disable it in the client (curl: --http1.1), or let a "
                  "proxy translate",
                  505);
  }
  if (version == "HTTP/2.0" || version == "HTTP/3.0")
    return refuse("only HTTP/1.1 and HTTP/1.0 are supported", 505);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse("the HTTP version is malformed");
  head.minor_version = version.back() - '0';
  return Ok{};
}

Result<Ok, HeadError> read_target(RequestHead& head) {
  if (head.request_target.size() > max_target_bytes)
    return refuse("the target is longer than 8 KiB", 414);
  if (head.method == "CONNECT") {
    return refuse(
        "CONNECT is not supported: this is not a forward proxy, it calls the vendors itself "
        "(/v1/proxy/{tool}/{api}/…); remove its address from the client's proxy settings",
        405, all_methods);
  }
  if (head.request_target == "*") {
    return refuse("a request for * is not supported; OPTIONS takes a path, and GET /openapi.json "
                  "lists all paths",
                  405, all_methods);
  }
  head.target = head.request_target;
  if (const auto absolute = read_absolute_target(head.request_target)) {
    if (!is_authority(absolute->authority))
      return refuse("the host and port in the target are malformed");
    head.authority = absolute->authority;
    head.target = absolute->path;
  }
  if (!head.target.starts_with('/') || !is_plain(head.request_target)) {
    return refuse("the target must be a path, or an http URI, in printable ASCII, without a "
                  "fragment");
  }
  return Ok{};
}

Result<Ok, HeadError> read_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse("the request line is malformed");
  if (auto read = read_method(line.substr(0, first), head); !read) return read;
  if (auto read = read_version(line.substr(last + 1), head); !read) return read;
  head.request_target = line.substr(first + 1, last - first - 1);
  return read_target(head);
}

/// The name that `name` becomes if its underscores are read as hyphens; empty if it is not listed.
std::string_view twin_of(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return {};
  std::string hyphens = lower(name);
  std::ranges::replace(hyphens, '_', '-');
  const auto found = std::ranges::find(without_twins, hyphens);
  return found == without_twins.end() ? std::string_view() : *found;
}

Result<Ok, HeadError> read_fields(std::string_view rest, RequestHead& head) {
  while (true) {
    const auto line = take_line(rest);
    if (!line) return refuse("a header line does not end in CR LF");
    if (line->empty()) return Ok{};
    if (line->front() == ' ' || line->front() == '\t') return refuse("a header line is folded");
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) return refuse("a header line has no colon");
    const std::string_view name = line->substr(0, colon);
    const std::string_view value = trimmed(line->substr(colon + 1));
    if (!is_token(name)) return refuse("a header's name is malformed");
    if (const std::string_view twin = twin_of(name); !twin.empty()) {
      return refuse("the header " + std::string(name) + " could be taken for " + std::string(twin) +
                    "; write it with hyphens");
    }
    if (!value.empty() && !is_field_value(value))
      return refuse("a header's value contains a control character");
    if (head.fields.size() == max_fields)
      return refuse("there are more than 100 header fields", 431);
    head.fields.push_back({name, value});
  }
}

Result<Ok, HeadError> check_repeats(const RequestHead& head) {
  for (const std::string_view name : once_only) {
    const auto count = std::ranges::count_if(head.fields, [&](const RequestHead::Line& line) {
      return equal_ignoring_case(line.name, name);
    });
    if (count > 1) return refuse("the header " + std::string(name) + " is given more than once");
  }
  return Ok{};
}

/// RFC 9112 section 3.2: HTTP/1.1 requires Host, even with an absolute target; it may be empty.
Result<Ok, HeadError> read_host(RequestHead& head) {
  const std::string_view host = head.field("host");
  if (!head.has("host") && head.minor_version == 1) return refuse("the header host is missing");
  if (!host.empty() && !is_authority(host))
    return refuse("the header host must be a name or an address, with an optional port");
  if (head.authority.empty()) head.authority = host;
  return Ok{};
}

Result<Ok, HeadError> read_framing(RequestHead& head) {
  const bool has_length = head.has("content-length");
  if (head.has("transfer-encoding")) {
    // RFC 9112 section 6.1: such framing is faulty.
    if (head.minor_version == 0) return refuse("HTTP/1.0 has no Transfer-Encoding");
    if (!equal_ignoring_case(head.field("transfer-encoding"), "chunked")) {
      return refuse("Transfer-Encoding must be chunked", 501);
    }
    if (has_length) return refuse("Transfer-Encoding and Content-Length exclude each other");
    head.chunked = true;
  } else if (has_length) {
    const std::string_view length = head.field("content-length");
    const char* end = length.data() + length.size();
    const auto [stop, error] = std::from_chars(length.data(), end, head.content_length);
    if (length.empty() || error != std::errc() || stop != end)
      return refuse("Content-Length must be a number");
  }
  // RFC 9110 section 10.1.1: expectations are ignored in HTTP/1.0.
  const std::string_view expected = head.field("expect");
  if (!expected.empty() && head.minor_version == 1) {
    if (!equal_ignoring_case(expected, "100-continue"))
      return refuse("only Expect: 100-continue is supported", 417);
    head.expects_continue = true;
  }
  head.keep_alive = head.minor_version == 1;
  for (const RequestHead::Line& line : head.fields) {
    if (equal_ignoring_case(line.name, "connection") && list_has_member(line.value, "close"))
      head.keep_alive = false;
  }
  return Ok{};
}

}  // namespace

std::string_view RequestHead::field(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields, [&](const Line& line) { return equal_ignoring_case(line.name, name); });
  return found == fields.end() ? std::string_view() : found->value;
}

bool RequestHead::has(std::string_view name) const {
  return std::ranges::any_of(
      fields, [&](const Line& line) { return equal_ignoring_case(line.name, name); });
}

std::size_t find_head_end(std::string_view bytes, std::size_t search_from) {
  for (std::size_t at = bytes.find('\n', search_from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1, 1) == "\n") return at + 2;
    if (bytes.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

Result<RequestHead, HeadError> read_head(std::string_view bytes) {
  RequestHead head;
  const auto line = take_line(bytes);
  if (!line) return refuse("the request line does not end in CR LF");
  if (auto read = read_request_line(*line, head); !read) return failure(std::move(read.error()));
  if (auto read = read_fields(bytes, head); !read) return failure(std::move(read.error()));
  if (auto checked = check_repeats(head); !checked) return failure(std::move(checked.error()));
  if (auto read = read_host(head); !read) return failure(std::move(read.error()));
  if (auto read = read_framing(head); !read) return failure(std::move(read.error()));
  return head;
}

}  // namespace penstock::server
