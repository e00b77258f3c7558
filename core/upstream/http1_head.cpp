#include "upstream/http1_head.hpp"

#include <algorithm>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

namespace penstock::upstream {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// Fields that decide where a response ends: readers interpret deviations in them differently.
bool frames(std::string_view lower_name) {
  return lower_name == "content-length" || lower_name == "transfer-encoding";
}

/// Removes a line from the front of `text` and returns it without its line end.
std::string_view take_line(std::string_view& text, Deviations& deviations) {
  const std::size_t line_feed = text.find('\n');
  std::string_view line = text.substr(0, line_feed);
  text.remove_prefix(line_feed == std::string_view::npos ? text.size() : line_feed + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  } else {
    add_once(deviations, "its header lines end in a bare line feed");
  }
  return line;
}

bool is_broken(std::string_view line) {
  return line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos;
}

}  // namespace

void add_once(Deviations& deviations, std::string what) {
  if (std::ranges::find(deviations, what) == deviations.end())
    deviations.push_back(std::move(what));
}

std::string printable(std::string_view text, std::size_t max) {
  std::string out(text.substr(0, max));
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c == '\x7f'; }, '?');
  if (text.size() > max) out += "...";
  return out;
}

std::size_t head_size(std::string_view bytes, std::size_t& from) {
  while (true) {
    const std::size_t line_feed = bytes.find('\n', from);
    if (line_feed == std::string_view::npos) {
      from = bytes.size();
      return line_feed;
    }
    from = line_feed;
    const std::string_view next = bytes.substr(line_feed + 1, 2);
    if (next.starts_with('\n')) return line_feed + 2;
    if (next == "\r\n") return line_feed + 3;
    if (next.empty() || next == "\r") return std::string_view::npos;
    ++from;
  }
}

Result<StatusLine, std::string> take_status_line(std::string_view& head, Deviations& deviations) {
  std::string_view line = take_line(head, deviations);
  const auto refuse = [&] {
    return failure("it does not begin with an HTTP/1.1 status line but with \"" + printable(line) +
                   "\"");
  };
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7]) || line[8] != ' ' ||
      is_broken(line)) {
    return refuse();
  }
  StatusLine out;
  out.http10 = line[7] == '0';
  std::string_view rest = line.substr(9);
  if (rest.starts_with(' ')) add_once(deviations, "its status line has too many spaces");
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  if (rest.size() < 3 || rest[0] == '0' || !std::ranges::all_of(rest.substr(0, 3), is_digit) ||
      (rest.size() > 3 && rest[3] != ' ')) {
    return refuse();
  }
  out.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  out.reason = trimmed(rest.substr(3));
  if (std::ranges::any_of(out.reason, is_control))
    add_once(deviations, "its reason phrase contains a control character");
  return out;
}

Result<Headers, std::string> read_fields(std::string_view lines, std::size_t max_fields,
                                         Deviations& deviations) {
  std::vector<Field> fields;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines, deviations);
    const std::size_t colon = line.find(':');
    if (is_broken(line)) {
      return failure("the header line \"" + printable(line) +
                     "\" contains a NUL or a carriage return");
    }
    if (!line.empty() && is_blank(line.front())) {
      if (fields.empty())
        return failure(std::string("its first header line begins with whitespace"));
      Field& folded = fields.back();
      if (frames(folded.name)) return failure("the header " + folded.name + " is folded");
      const std::string_view more = trimmed(line);
      if (!folded.value.empty() && !more.empty()) folded.value += ' ';
      folded.value += more;
      add_once(deviations, "its header " + folded.name + " is folded over several lines");
      if (std::ranges::any_of(more, is_control))
        add_once(deviations, "its header " + folded.name + " contains a control character");
      continue;
    }
    std::string_view name = line.substr(0, colon == std::string_view::npos ? 0 : colon);
    const bool blank_before_colon = !name.empty() && is_blank(name.back());
    name = trimmed(name);
    if (!is_token(name)) return failure("the header line \"" + printable(line) + "\" is malformed");
    if (fields.size() == max_fields)
      return failure("it has more than " + std::to_string(max_fields) + " headers");
    Field field{lower(name), std::string(trimmed(line.substr(colon + 1)))};
    if (blank_before_colon) {
      // RFC 9112 section 5.1: the blank is removed. To many readers, though, it makes another
      // field.
      if (frames(field.name))
        return failure("the header " + field.name + " has whitespace before its colon");
      add_once(deviations, "its header " + field.name + " has whitespace before its colon");
    }
    if (std::ranges::any_of(field.value, is_control))
      add_once(deviations, "its header " + field.name + " contains a control character");
    fields.push_back(std::move(field));
  }
  return Headers(std::move(fields));
}

}  // namespace penstock::upstream
