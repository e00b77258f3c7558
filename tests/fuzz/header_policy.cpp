// The header of a request to a vendor, parsed again by code that shares nothing with the writer.
#include <algorithm>
#include <map>
#include <vector>

#include <penstock/text.hpp>

#include "fuzz.hpp"
#include "policy/header_rules.hpp"
#include "upstream/http1_request.hpp"

namespace penstock::fuzz {
namespace {

struct Head {
  std::string request_line;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Names as a careless server sees them.
std::string folded(std::string_view name) {
  std::string out = lower(name);
  std::ranges::replace(out, '_', '-');
  return out;
}

Head read_again(std::string_view head) {
  Head out;
  for (bool first = true;; first = false) {
    const std::size_t end = head.find("\r\n");
    require(end != std::string_view::npos, "a head ends with an empty line", head);
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "no line holds CR, LF or NUL", line);
    if (line.empty()) break;
    if (first) {
      out.request_line = line;
      continue;
    }
    const std::size_t colon = line.find(": ");
    require(colon != std::string_view::npos && colon > 0, "a field is name, colon, value", line);
    require(line.front() != ' ' && line.front() != '\t', "no line is folded", line);
    out.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  require(head.empty(), "nothing stands behind the head", head);
  return out;
}

std::size_t count(const Head& head, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(
      head.fields, [&](const auto& field) { return folded(field.first) == name; }));
}

void check_head(const upstream::Request& request, const std::string& text) {
  const Head head = read_again(text);
  require(head.request_line == request.method + " " + request.target + " HTTP/1.1" &&
              std::ranges::count(head.request_line, ' ') == 2,
          "the request line is method, target and version", head.request_line);
  require(count(head, "host") == 1, "there is one Host", text);
  require(count(head, "content-length") <= 1, "there is at most one Content-Length", text);
  require(count(head, "transfer-encoding") == 0, "there is no Transfer-Encoding", text);
  std::size_t at = 1;  // behind Host
  for (const Field& field : request.headers) {
    require(at < head.fields.size() && head.fields[at].first == field.name &&
                head.fields[at].second == field.value,
            "headers are written as given, in their order", text);
    ++at;
  }
}

upstream::Request request_of(std::string method, std::string target) {
  upstream::Request request;
  request.to.host = "api.example.com";
  request.method = std::move(method);
  request.target = std::move(target);
  return request;
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  fuzz::Input input(data, size);
  const std::uint8_t flags = input.byte();
  const std::string method(input.text()), target(input.text());
  Headers headers;
  while (!input.empty()) {
    const std::string_view line = input.text();
    const std::size_t colon = std::min(line.find(':'), line.size());
    headers.add(std::string(line.substr(0, colon)),
                std::string(line.substr(std::min(colon + 1, line.size()))));
  }

  // What a plugin could set without the caller's checks: write_head() alone must hold.
  upstream::Request unchecked = fuzz::request_of(method, target);
  unchecked.headers = headers;
  unchecked.has_body = (flags & 1U) != 0;
  unchecked.to.port = (flags & 2U) != 0 ? 8443 : 443;
  const auto written = upstream::write_head(unchecked);
  // A name with _ for - is another name to a strict server: only the caller's are folded.
  const bool odd = std::ranges::any_of(
      headers, [](const Field& field) { return field.name.find('_') != std::string::npos; });
  if (written && !odd) fuzz::check_head(unchecked, *written);

  std::vector<Problem> problems;
  policy::check_headers(headers, {"authorization", "x-plugin"}, problems);
  if (!problems.empty()) {
    for (const Problem& problem : problems) {
      fuzz::require(problem.pointer.starts_with("/headers") && !problem.message.empty(),
                    "a refused header has its place and reason", problem.pointer);
    }
    return 0;
  }
  upstream::Request checked =
      fuzz::request_of((flags & 1U) != 0 ? "POST" : "GET", "/v1/people?a=b");
  checked.headers = headers;
  checked.headers.add("Authorization", "Bearer canary");
  checked.headers.add("X-Plugin", "1");
  const auto head = upstream::write_head(checked);
  fuzz::require(head.has_value(), "what the policy lets pass can be written",
                head ? "" : head.error());
  fuzz::check_head(checked, *head);
  const fuzz::Head again = fuzz::read_again(*head);
  for (const char* once : {"authorization", "x-plugin"})
    fuzz::require(fuzz::count(again, once) == 1, "the plugin's header is there once", *head);
  for (const char* single : {"content-type", "range", "referer", "soapaction"})
    fuzz::require(fuzz::count(again, single) <= 1, "what a message has once is there once", *head);
  for (const char* never : {"cookie", "connection", "te", "upgrade", "expect", "forwarded"})
    fuzz::require(fuzz::count(again, never) == 0, "what is the engine's is never the caller's",
                  *head);
  return 0;
}
