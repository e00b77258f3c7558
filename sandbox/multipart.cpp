#include "http_text.hpp"

#include <algorithm>

namespace penstock::sandbox {
namespace {

/// Reads one token or quoted string and removes it from `rest`.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    auto end = rest.find(';');
    value = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end, rest.size()));
    return value;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return value;
}

std::optional<FormPart> read_part(std::string_view part) {
  auto end = part.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  FormPart read;
  read.content_type = "text/plain";
  auto head = part.substr(0, end);
  bool disposed = false;
  while (!head.empty()) {
    auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto name = lower(trimmed(line.substr(0, colon)));
    auto value = trimmed(line.substr(colon + 1));
    if (name == "content-type") read.content_type = value;
    if (name != "content-disposition") continue;
    auto disposition = parse_media_type(value);
    auto field = only(disposition.parameters, "name");
    if (disposition.type != "form-data" || !field) return std::nullopt;
    read.name = *field;
    read.file_name = only(disposition.parameters, "filename");
    disposed = true;
  }
  read.data = part.substr(end + 4);
  return disposed ? std::optional{read} : std::nullopt;
}

}  // namespace

MediaType parse_media_type(std::string_view value) {
  MediaType media;
  auto end = value.find(';');
  media.type = lower(trimmed(value.substr(0, end)));
  auto rest = end == std::string_view::npos ? std::string_view{} : value.substr(end);
  while (rest.starts_with(';')) {
    rest.remove_prefix(1);
    auto equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    auto name = lower(trimmed(rest.substr(0, equals)));
    rest.remove_prefix(equals + 1);
    media.parameters.emplace_back(name, take_value(rest));
    rest = trimmed(rest);
  }
  return media;
}

std::optional<std::vector<FormPart>> form_parts(std::string_view content_type,
                                                std::string_view body) {
  auto media = parse_media_type(content_type);
  auto boundary = only(media.parameters, "boundary");
  if (media.type != "multipart/form-data" || !boundary || boundary->empty()) return std::nullopt;
  // With a line end prepended, the first delimiter looks like all the others.
  std::string whole = "\r\n" + std::string{body};
  std::string delimiter = "\r\n--" + *boundary;
  std::string_view rest = whole;
  auto first = rest.find(delimiter);
  if (first == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(first + delimiter.size());

  std::vector<FormPart> parts;
  while (!rest.starts_with("--")) {
    if (!rest.starts_with("\r\n")) return std::nullopt;
    auto next = rest.find(delimiter, 2);
    if (next == std::string_view::npos) return std::nullopt;
    auto part = read_part(rest.substr(2, next - 2));
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
    rest.remove_prefix(next + delimiter.size());
  }
  return parts;
}

}  // namespace penstock::sandbox
