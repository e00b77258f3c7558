#include "upstream/http1_framing.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

namespace penstock::upstream {
namespace {

// Many readers use signed 64-bit lengths: for them, a larger length is negative.
constexpr std::uint64_t max_length = INT64_MAX;

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || rest != text.data() + text.size()) return {};
  return value > max_length ? std::nullopt : std::optional(value);
}

/// Calls `use` with each element of a comma-separated list, without leading and trailing blanks.
template <class Use>
void for_each_element(std::string_view list, Use use) {
  while (true) {
    const std::size_t comma = list.find(',');
    use(trimmed(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

struct Lengths {
  std::optional<std::uint64_t> value;
  int count = 0;
  std::string error;
};

/// Reads all Content-Length fields. Equal values, also within one list, count as one.
Lengths read_lengths(const Headers& fields) {
  Lengths out;
  for (const Field& field : fields) {
    if (field.name != "content-length") continue;
    for_each_element(field.value, [&](std::string_view text) {
      const auto value = number(text, 10);
      ++out.count;
      if (!value) {
        out.error = "its Content-Length is \"" + printable(text) + "\"";
      } else if (out.value && out.value != value) {
        out.error = "it has two Content-Lengths, " + std::to_string(*out.value) + " and " +
                    std::to_string(*value);
      } else {
        out.value = value;
      }
    });
  }
  return out;
}

/// All Transfer-Encoding fields as one list, in lower case.
std::string transfer_coding(const Headers& fields) {
  std::string out;
  bool any = false;
  for (const Field& field : fields) {
    if (field.name != "transfer-encoding") continue;
    if (any) out += ", ";
    any = true;
    out += lower(field.value);
  }
  return any && out.empty() ? "\"\"" : out;
}

/// RFC 9112 section 9.3.
bool keeps_alive(const Headers& fields, bool http10) {
  return !fields.list_has("connection", "close") &&
         (!http10 || fields.list_has("connection", "keep-alive"));
}

/// Leaves one Content-Length, in the place of the first one, or none; and no Transfer-Encoding.
void set_length(Headers& fields, std::optional<std::uint64_t> length) {
  bool written = !length;
  fields.erase_if([&](Field& field) {
    if (field.name == "transfer-encoding") return true;
    if (field.name != "content-length") return false;
    if (!written) field.value = std::to_string(*length);
    return std::exchange(written, true);
  });
}

}  // namespace

Result<Framing, std::string> read_framing(std::string_view method, int status, bool http10,
                                          Headers& fields, Deviations& deviations) {
  using Kind = Framing::Kind;
  Lengths lengths = read_lengths(fields);
  const std::string coding = transfer_coding(fields);
  Framing out;
  out.keeps_alive = keeps_alive(fields, http10);

  if (method == "HEAD" || status == 204 || status == 304) {
    // No body, whatever the head says: all readers agree on this. What the response to a HEAD or a
    // 304 says about the content that it omits is information for the caller; a 204 omits nothing.
    out.declares_body = !coding.empty() || lengths.value.value_or(0) > 0 || !lengths.error.empty();
    if (!lengths.error.empty()) add_once(deviations, lengths.error);
    if (status == 204 && out.declares_body)
      add_once(deviations, "it is a 204 that declares a body");
    const bool keeps_length = status != 204 && lengths.error.empty() && coding.empty();
    set_length(fields, keeps_length ? lengths.value : std::nullopt);
    return out;
  }
  if (!coding.empty()) {
    if (coding != "chunked")
      return failure("its Transfer-Encoding is \"" + printable(coding) + "\", not chunked");
    if (lengths.count > 0)
      add_once(deviations, "it has a Content-Length beside Transfer-Encoding: chunked");
    if (http10) add_once(deviations, "it has a Transfer-Encoding in HTTP/1.0");
    set_length(fields, std::nullopt);
    out.kind = Kind::chunked;
    return out;
  }
  if (!lengths.error.empty()) return failure(std::move(lengths.error));
  if (lengths.value) {
    if (lengths.count > 1) add_once(deviations, "its Content-Length is repeated");
    set_length(fields, lengths.value);
    out.kind = Kind::length;
    out.length = *lengths.value;
    return out;
  }
  out.kind = Kind::until_close;
  out.keeps_alive = false;
  return out;
}

Result<std::uint64_t, std::string> read_chunk_size(std::string_view line, Deviations& deviations) {
  const auto refuse = [&](const char* why) {
    return failure("the chunk line \"" + printable(line) + "\" " + why);
  };
  const std::size_t end = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  const auto size = number(line.substr(0, end), 16);
  if (!size) return refuse(end == 0 ? "has no size" : "has a size that is too large");
  std::string_view rest = line.substr(end);
  if (rest.starts_with(' ')) add_once(deviations, "its chunk sizes are followed by spaces");
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  if (rest.empty()) return *size;
  if (rest.front() != ';') return refuse("has characters other than hex digits in its size");
  // Extensions are ignored, but the end of the line must not depend on how they are parsed.
  bool quoted = false, escaped = false;
  for (const char c : rest) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
      return refuse("contains a control character in its extension");
    if (escaped) {
      escaped = false;
    } else if (quoted && c == '\\') {
      escaped = true;
    } else if (c == '"') {
      quoted = !quoted;
    }
  }
  if (quoted) return refuse("has a quoted string without an end");
  return *size;
}

}  // namespace penstock::upstream
