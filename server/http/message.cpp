#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/http.hpp"
#include "base/text.hpp"

namespace penstock::server {
namespace {

constexpr std::array<std::string_view, 8> once_only = {
    "host",           "authorization",     "content-type",
    "content-length", "transfer-encoding", "x-integration-id",
    "expect",         "content-encoding"};

Failure<HeadRefusal> refuse(std::string message, int status = 400) {
  return failure(HeadRefusal{status, std::move(message)});
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the line at the front, without its CRLF; empty optional: a line end that is not CRLF.
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

bool is_target(std::string_view text) {
  return text.starts_with('/') && text.size() <= most_target_bytes &&
         text.find('#') == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

Result<Done, HeadRefusal> read_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse("the request line is malformed");
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!is_method(head.method)) return refuse("the method is malformed");
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.0" || version == "HTTP/2.0")
    return refuse("only HTTP/1.1 is spoken here", 505);
  if (version != "HTTP/1.1") return refuse("the HTTP version is malformed");
  if (head.target.size() > most_target_bytes) return refuse("the target is longer than 8 KiB", 414);
  if (!is_target(head.target))
    return refuse("the target must be a path in printable ASCII, without a fragment");
  return Done{};
}

Result<Done, HeadRefusal> read_fields(std::string_view rest, RequestHead& head) {
  while (true) {
    const auto line = take_line(rest);
    if (!line) return refuse("a header line does not end in CR LF");
    if (line->empty()) return Done{};
    if (line->front() == ' ' || line->front() == '\t') return refuse("a header line is folded");
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) return refuse("a header line has no colon");
    const std::string_view name = line->substr(0, colon);
    const std::string_view value = trimmed(line->substr(colon + 1));
    if (!is_token(name)) return refuse("a header's name is malformed");
    if (name.find('_') != std::string_view::npos)
      return refuse("a header's name has an underscore; use hyphens");
    if (!value.empty() && !is_field_value(value))
      return refuse("a header's value holds a control character");
    if (head.fields.size() == most_fields)
      return refuse("there are more than 100 header fields", 431);
    head.fields.push_back({name, value});
  }
}

Result<Done, HeadRefusal> check_repeats(const RequestHead& head) {
  for (const std::string_view name : once_only) {
    const auto count = std::ranges::count_if(head.fields, [&](const RequestHead::Line& line) {
      return equal_ignoring_case(line.name, name);
    });
    if (count > 1) return refuse("the header " + std::string(name) + " is given more than once");
    if (count == 0 && name == "host") return refuse("the header host is missing");
  }
  return Done{};
}

bool has(const RequestHead& head, std::string_view name) {
  return std::ranges::any_of(head.fields, [&](const RequestHead::Line& line) {
    return equal_ignoring_case(line.name, name);
  });
}

Result<Done, HeadRefusal> read_framing(RequestHead& head) {
  const bool has_length = has(head, "content-length");
  if (has(head, "transfer-encoding")) {
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
  if (const std::string_view expected = head.field("expect"); !expected.empty()) {
    if (!equal_ignoring_case(expected, "100-continue"))
      return refuse("only Expect: 100-continue is known", 417);
    head.expects_continue = true;
  }
  for (const RequestHead::Line& line : head.fields) {
    if (equal_ignoring_case(line.name, "connection") && has_token(line.value, "close"))
      head.keep_alive = false;
  }
  return Done{};
}

}  // namespace

std::string_view RequestHead::field(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields, [&](const Line& line) { return equal_ignoring_case(line.name, name); });
  return found == fields.end() ? std::string_view() : found->value;
}

std::size_t find_head_end(std::string_view bytes, std::size_t search_from) {
  for (std::size_t at = bytes.find('\n', search_from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1, 1) == "\n") return at + 2;
    if (bytes.substr(at + 1, 2) == "\r\n") return at + 3;
  }
  return std::string_view::npos;
}

Result<RequestHead, HeadRefusal> read_head(std::string_view bytes) {
  RequestHead head;
  const auto line = take_line(bytes);
  if (!line) return refuse("the request line does not end in CR LF");
  if (auto read = read_request_line(*line, head); !read) return failure(std::move(read.error()));
  if (auto read = read_fields(bytes, head); !read) return failure(std::move(read.error()));
  if (auto checked = check_repeats(head); !checked) return failure(std::move(checked.error()));
  if (auto read = read_framing(head); !read) return failure(std::move(read.error()));
  return head;
}

}  // namespace penstock::server
