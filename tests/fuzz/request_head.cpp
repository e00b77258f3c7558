// The header of a request to the server has one meaning, for a strict parser and for Beast.
#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <penstock/text.hpp>

#include "fuzz.hpp"
#include "http/message.hpp"

namespace penstock::fuzz {
namespace {

namespace http = boost::beast::http;
using server::RequestHead;

/// As the connection does it, while the bytes come in.
std::size_t find_end_in_pieces(std::string_view bytes, std::uint32_t cut) {
  std::string seen;
  std::size_t searched = 0, end = std::string_view::npos;
  in_pieces(bytes, cut, [&](std::string_view piece) {
    seen += piece;
    end = server::find_head_end(seen, searched);
    searched = seen.size() - std::min<std::size_t>(seen.size(), 2);
    return end == std::string_view::npos;
  });
  return end;
}

std::size_t count(const RequestHead& head, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(head.fields, [&](const auto& line) {
    std::string folded = lower(line.name);
    std::ranges::replace(folded, '_', '-');
    return folded == name;
  }));
}

/// Puts the head together again from what was read: it must be the bytes that came, but for blanks
/// round values.
void check_strictly(std::string_view text, const RequestHead& head) {
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    require(c != '\0', "an accepted head holds no NUL");
    if (c == '\r') require(text.substr(at, 2) == "\r\n", "CR stands only before LF");
    if (c == '\n') require(at > 0 && text[at - 1] == '\r' && ++lines, "LF stands only behind CR");
  }
  require(lines == head.fields.size() + 2, "each line is a field", text);
  const std::string first = std::string(head.method) + " " + std::string(head.request_target) +
                            " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
  require(text.starts_with(first), "the request line is method, target and version", text);
  require(head.target.starts_with('/') &&
              head.target.find_first_of(" \t#") == std::string_view::npos,
          "the target is a path", head.target);
  require(head.request_target.ends_with(head.target) || head.target == "/",
          "the path is the end of the target as written", head.request_target);
  require(head.authority.find_first_of(" ,/@\t") == std::string_view::npos,
          "the authority is one host", head.authority);
  std::size_t at = first.size();
  for (const RequestHead::Line& line : head.fields) {
    require(text.substr(at, line.name.size()) == line.name && text[at + line.name.size()] == ':',
            "a field's line begins with its name and a colon", line.name);
    const std::size_t end = text.find("\r\n", at);
    std::string_view value =
        text.substr(at + line.name.size() + 1, end - at - line.name.size() - 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
      value.remove_suffix(1);
    require(value == line.value, "a field's value is the rest of its line", line.value);
    at = end + 2;
  }
  require(text.substr(at) == "\r\n", "an empty line is the end", text);
  require(count(head, "host") + (head.minor_version == 0 ? 1 : 0) >= 1 && count(head, "host") <= 1,
          "there is one Host, or none in HTTP/1.0", text);
  require(count(head, "content-length") + count(head, "transfer-encoding") <= 1,
          "there is one framing only", text);
  require(!head.chunked || head.minor_version == 1, "HTTP/1.0 has no chunks", text);
  for (const char* name : {"authorization", "x-integration-id", "content-type", "expect"})
    require(count(head, name) <= 1, "who calls and what is said once", text);
}

void check_by_beast(std::string_view text, const RequestHead& head) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(1U << 20U);
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  // It knows a grammar of Connection and Proxy-Connection, which frames nothing: we look for one
  // word in it.
  if (error == http::error::bad_value &&
      count(head, "connection") + count(head, "proxy-connection") > 0)
    return;
  require(!error, "Beast accepts what we accept", error.message());
  require(parser.is_header_done(), "Beast sees the end of the head where we see it", text);
  require(parser.chunked() == head.chunked, "Beast agrees on chunks", text);
  const auto length = parser.content_length();
  require((length ? *length : 0) == head.content_length, "Beast agrees on the length", text);
  if (head.minor_version == 1)
    require(parser.keep_alive() == head.keep_alive, "Beast agrees on keeping the connection", text);
  require(std::string_view(parser.get().target().data(), parser.get().target().size()) ==
              head.request_target,
          "Beast agrees on the target", head.request_target);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  fuzz::Input input(data, size);
  const std::uint32_t cut = 1U + input.byte();
  const std::string_view bytes = input.rest();
  const std::size_t end = server::find_head_end(bytes, 0);
  fuzz::require(end == fuzz::find_end_in_pieces(bytes, cut),
                "a head ends at the same place however it comes in");
  if (end == std::string_view::npos) return 0;
  const std::string text(bytes.substr(0, end));
  const auto head = server::read_head(text);
  if (!head) {
    fuzz::require(head.error().status >= 400 && head.error().status < 600 &&
                      !head.error().message.empty(),
                  "a refusal has a status and a reason");
    return 0;
  }
  fuzz::check_strictly(text, *head);
  fuzz::check_by_beast(text, *head);
  return 0;
}
