#include <optional>

#include <penstock/envelope.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

#include "envelope/charset.hpp"
#include "envelope/json_cursor.hpp"
#include "envelope/json_text.hpp"

namespace penstock {
namespace {

std::string_view content_type(const Response& answer) {
  return answer.headers.get("content-type").value_or("");
}

bool says_json(std::string_view content_type) {
  const std::string type = media_type(content_type);
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

/// Appends the body as a JSON string, converted from its charset.
void append_text(std::string& out, std::string_view type, std::string_view body,
                 std::vector<std::string>& warnings) {
  const Charset charset = charset_of(type, body);
  std::size_t replaced = 0;
  if (charset == Charset::utf8 || charset == Charset::unknown) {
    replaced = append_json_string(out, body);
  } else {
    const Utf8Text text = to_utf8(charset, body);
    append_json_string(out, text.text);
    replaced = text.replaced;
  }
  if (replaced == 0) return;
  warnings.push_back(
      std::to_string(replaced) +
      (replaced == 1 ? " byte of the vendor's body is" : " bytes of the vendor's body are") +
      " not text in its charset and became U+FFFD; set response_as_base64 to get the original "
      "bytes");
}

/// Converts JSON in a charset other than UTF-8, which RFC 8259 section 8.1 does not allow, to
/// UTF-8. None: it is not JSON in that charset either, or it is declared as UTF-8, whose bytes stay
/// as they are.
std::optional<std::string> json_in_utf8(std::string_view type, std::string_view body) {
  const Charset charset = charset_of(type, body);
  if (charset == Charset::utf8 || charset == Charset::unknown) return std::nullopt;
  Utf8Text text = to_utf8(charset, body);
  if (text.replaced > 0 || !is_json(text.text)) return std::nullopt;
  return std::move(text.text);
}

void append_body(std::string& out, const Response& answer, std::vector<std::string>& warnings) {
  const std::string_view type = content_type(answer);
  if (!says_json(type)) return append_text(out, type, answer.body, warnings);
  if (is_json(answer.body)) {
    out += answer.body;
    return;
  }
  if (const auto json = json_in_utf8(type, answer.body)) {
    out += *json;
    warnings.push_back("the vendor's JSON is in another charset and is returned in UTF-8");
    return;
  }
  warnings.push_back(
      answer.body.starts_with(utf8_byte_order_mark)
          ? "the vendor's JSON begins with a byte order mark, so it is returned as a string"
          : "the vendor's body is declared as JSON but is not valid JSON, so it is returned as a "
            "string");
  append_text(out, type, answer.body, warnings);
}

std::size_t expected_size(const Response& answer, bool response_as_base64) {
  std::size_t size = 256 + answer.url.size();
  for (const Field& header : answer.headers)
    size += header.name.size() + header.value.size() + 8;
  for (const std::string& warning : answer.warnings)
    size += warning.size() + 24;
  return size + (response_as_base64 ? answer.body.size() / 3 * 4 + 4
                                    : answer.body.size() + answer.body.size() / 16);
}

}  // namespace

std::string response_json(const Response& answer, bool response_as_base64) {
  std::vector<std::string> warnings = answer.warnings;
  std::string out;
  out.reserve(expected_size(answer, response_as_base64));
  out += R"({"status":"success","data":{"url":)";
  append_json_string(out, answer.url);
  out += R"(,"status":)";
  out += std::to_string(answer.status);
  out += R"(,"headers":)";
  append_json_headers(out, answer.headers);
  if (!answer.body.empty()) {
    out += R"(,"data":)";
    if (response_as_base64) {
      out += '"';
      out += base64_encode(answer.body);
      out += '"';
    } else {
      append_body(out, answer, warnings);
    }
  }
  out += R"(},"warnings":)";
  append_json_warnings(out, warnings);
  out += '}';
  return out;
}

}  // namespace penstock
