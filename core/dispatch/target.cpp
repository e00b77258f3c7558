#include "dispatch/target.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace penstock::dispatch {
namespace {

constexpr std::size_t longest_path = 8192;

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A vendor may decode once more than we do, so a dot segment is looked for at every level of
/// encoding.
bool has_dot_segment(std::string path) {
  for (int round = 0; round < 4; ++round) {
    std::size_t start = 0;
    while (start <= path.size()) {
      const std::size_t end = std::min(path.find_first_of("/\\", start), path.size());
      // Some servers cut path parameters off before they resolve segments: "..;/" is ".." to them.
      // So is "..%3F/" to one that stands behind another that decodes, and "..%2500x/" where texts
      // end at a NUL.
      std::string_view segment = std::string_view(path).substr(start, end - start);
      segment = segment.substr(0, segment.find_first_of(std::string_view(";?#\0", 4)));
      if (segment == "." || segment == "..") return true;
      start = end + 1;
    }
    std::string decoded = percent_decode(path);
    if (decoded == path) return false;
    path = std::move(decoded);
  }
  return true;  // encoded over and over: nobody needs that
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

}  // namespace

Result<CallerPath, std::string> check_path(std::string_view text) {
  if (text.size() > longest_path) return failure(std::string("is longer than 8192 bytes"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return failure(std::string("holds a control character"));
    if (byte >= 0x80)
      return failure(std::string("holds a non-ASCII character; percent-encode its UTF-8 bytes"));
    if (text[i] == ' ') return failure(std::string("holds a space; write %20"));
    if (text[i] == '#') return failure(std::string("holds a fragment; write %23 for a literal #"));
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) {
      return failure(
          std::string("holds a % that two hex digits do not follow; write %25 for a literal %"));
    }
  }
  CallerPath out;
  const std::size_t question = text.find('?');
  out.path = text.substr(0, question);
  out.has_query = question != std::string_view::npos;
  if (out.has_query) out.query = text.substr(question + 1);

  if (out.path.find('\\') != std::string::npos)
    return failure(std::string("holds a backslash; write %5C"));
  const std::size_t slash = out.path.find('/');
  const std::size_t scheme = out.path.find("://");
  if (scheme != std::string::npos && scheme < slash) {
    return failure(
        std::string("holds a scheme; only the part behind the API's base URL belongs here"));
  }
  if (out.path.starts_with("//"))
    return failure(std::string("begins with //, which would name a host"));
  if (!out.path.empty() && out.path.front() != '/') out.path.insert(out.path.begin(), '/');
  if (has_control(percent_decode(out.path)))
    return failure(std::string("holds a percent-encoded control character"));
  if (has_dot_segment(out.path)) return failure(std::string("holds a dot segment (. or ..)"));
  return out;
}

Url join(Url base, const CallerPath& path, const std::vector<Field>& params) {
  if (!path.path.empty()) {
    if (base.path.ends_with('/')) base.path.pop_back();
    base.path += path.path;
  }
  const auto append = [&](std::string_view query) {
    if (base.has_query && !base.query.empty() && !query.empty()) base.query += '&';
    base.query += query;
    base.has_query = true;
  };
  if (path.has_query) append(path.query);
  for (const Field& parameter : params)
    append(percent_encode(parameter.name) + "=" + percent_encode(parameter.value));
  return base;
}

}  // namespace penstock::dispatch
