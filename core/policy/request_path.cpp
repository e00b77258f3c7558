#include "policy/request_path.hpp"

#include <algorithm>

#include <penstock/hex.hpp>
#include <penstock/text.hpp>

#include "policy/lenient_text.hpp"

namespace penstock::policy {
namespace {

constexpr std::size_t max_path = 8192;
constexpr int max_layers = 4;  ///< of percent-encoding

/// Servers remove path parameters before they resolve segments, so "..;/" is ".." to them. So is
/// "..%3F/" to a server behind one that decodes, "..%2500x/" where strings end at a NUL, and ".. /"
/// where blanks are trimmed.
bool has_dot_segment(std::string_view path) {
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find_first_of("/\\", start), path.size());
    std::string_view segment = path.substr(start, end - start);
    segment = segment.substr(0, segment.find_first_of(std::string_view(";?#\0", 4)));
    segment = trimmed(segment);
    if (segment == "." || segment == "..") return true;
    start = end + 1;
  }
  return false;
}

/// Whether a dot segment shows at any layer of encoding, decoded strictly or leniently: a vendor
/// may decode once more than the engine, and more leniently.
bool has_hidden_dot_segment(std::string path, Broken broken) {
  for (int layer = 0; layer < max_layers; ++layer) {
    const std::string plain = percent_decode(path);
    if (has_dot_segment(path) || has_dot_segment(plain)) return true;
    std::string lenient = lenient_decode(path, broken);
    if (has_dot_segment(lenient)) return true;
    if (lenient == path) return false;
    path = std::move(lenient);
  }
  return true;  // too many layers of encoding: no legitimate path has them
}

/// A parameter's name as servers may compare it: decoded, in lower case, without blanks and control
/// characters, cut where some servers see an array index or the end of a string.
std::string comparable_name(std::string_view encoded) {
  std::string name = lower(lenient_decode_all(encoded));
  name.resize(std::min(name.find_first_of(std::string_view("[\0", 2)), name.size()));
  std::erase_if(name, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
  return name;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

}  // namespace

Result<CallerPath, std::string> check_path(std::string_view text) {
  if (text.size() > max_path) return failure(std::string("is longer than 8192 bytes"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return failure(std::string("contains a control character"));
    if (byte >= 0x80)
      return failure(std::string("contains a non-ASCII character; percent-encode its UTF-8 bytes"));
    if (text[i] == ' ') return failure(std::string("contains a space; write %20"));
    if (text[i] == '#')
      return failure(std::string("contains a fragment; write %23 for a literal #"));
    if (text[i] == '%' &&
        (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2]))) {
      return failure(
          std::string("contains a % without two hex digits after it; write %25 for a literal %"));
    }
  }
  CallerPath out;
  const std::size_t question = text.find('?');
  out.path = text.substr(0, question);
  out.has_query = question != std::string_view::npos;
  if (out.has_query) out.query = text.substr(question + 1);

  if (out.path.find('\\') != std::string::npos)
    return failure(std::string("contains a backslash; write %5C"));
  const std::size_t slash = out.path.find('/');
  const std::size_t scheme = out.path.find("://");
  if (scheme != std::string::npos && scheme < slash) {
    return failure(std::string("contains a scheme; write only the part after the API's base URL"));
  }
  if (out.path.starts_with("//"))
    return failure(std::string("begins with //, which would name a host"));
  if (!out.path.empty() && out.path.front() != '/') out.path.insert(out.path.begin(), '/');
  if (has_control(percent_decode(out.path)) || has_control(lenient_decode(out.path)))
    return failure(std::string("contains a percent-encoded control character"));
  const bool encoded = out.path.find('%') != std::string::npos;
  if (has_hidden_dot_segment(out.path, Broken::takes_ascii_in) ||
      (encoded && has_hidden_dot_segment(out.path, Broken::leaves_ascii)))
    return failure(std::string("contains a dot segment (. or ..)"));
  return out;
}

Url join(Url base, const CallerPath& path, const std::vector<Field>& params) {
  if (!path.path.empty()) {
    if (base.path.ends_with('/')) base.path.pop_back();
    base.path += path.path;
  }
  if (path.has_query) base.append_query(path.query);
  for (const Field& parameter : params)
    base.add_parameter(parameter.name, parameter.value);
  return base;
}

std::vector<std::string> query_names(std::string_view query) {
  std::vector<std::string> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find_first_of("&;"));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    std::string spaced(pair.substr(0, pair.find('=')));
    std::ranges::replace(spaced, '+', ' ');
    out.push_back(comparable_name(spaced));
  }
  return out;
}

std::optional<Problem> find_repeated_parameter(const std::vector<std::string>& own,
                                               std::string_view owner, const CallerPath& path,
                                               const std::vector<Field>& params) {
  const auto is_own = [&](const std::string& name) {
    return !name.empty() && std::ranges::find(own, name) != own.end();
  };
  const std::string why = "is set by " + std::string(owner) + " already; remove it";
  for (const Field& parameter : params) {
    if (is_own(comparable_name(percent_encode(parameter.name))))
      return Problem{pointer_to("/params", parameter.name), why};
  }
  for (const std::string& name : query_names(path.query)) {
    if (is_own(name))
      return Problem{"/path", "contains the parameter \"" + name + "\", which " + why};
  }
  return std::nullopt;
}

}  // namespace penstock::policy
