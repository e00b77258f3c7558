#include "policy/multipart.hpp"

#include <algorithm>

#include <penstock/http.hpp>

#include "base/url.hpp"

namespace penstock::policy {
namespace {

std::string quoted_parameter(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    switch (c) {
    case '"':
      out += "%22";
      break;
    case '\r':
      out += "%0D";
      break;
    case '\n':
      out += "%0A";
      break;
    default:
      out += c;
    }
  }
  return out + "\"";
}

constexpr const char* unwritable = "contains a control character";

/// Control characters that no quoted-string can hold (RFC 9110 section 5.6.4). CR and LF are
/// encoded instead.
bool has_control_character(std::string_view name) {
  return std::ranges::any_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\r' && c != '\n') || byte == 0x7f;
  });
}

}  // namespace

EncodedForm encode_form(const std::vector<FormPart>& parts, std::string_view boundary) {
  EncodedForm form;
  form.content_type = "multipart/form-data; boundary=" + std::string(boundary);
  for (const FormPart& part : parts) {
    form.body.append("--")
        .append(boundary)
        .append("\r\nContent-Disposition: form-data; name=")
        .append(quoted_parameter(part.name));
    if (part.is_file) form.body.append("; filename=").append(quoted_parameter(part.file_name));
    if (part.is_file || !part.content_type.empty()) {
      form.body.append("\r\nContent-Type: ");
      form.body.append(part.content_type.empty() ? "application/octet-stream" : part.content_type);
    }
    form.body.append("\r\n\r\n").append(part.content).append("\r\n");
  }
  form.body.append("--").append(boundary).append("--\r\n");
  return form;
}

void check_form(const std::vector<FormPart>& parts, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = "/multipart_form_data/" + std::to_string(i);
    const std::string pointer = part + "/value/";
    if (has_control_character(parts[i].name)) problems.push_back({part + "/name", unwritable});
    if (has_control_character(parts[i].file_name))
      problems.push_back({pointer + "name", unwritable});
    if (!parts[i].content_type.empty() && !is_media_type(parts[i].content_type))
      problems.push_back(
          {(parts[i].is_file ? pointer : part + "/") + "content_type", "is not a media type"});
    if (parts[i].data_url.empty()) continue;
    // The message never contains the URL itself: it may be a signed URL.
    const auto url = parse_url(parts[i].data_url);
    if (!url) problems.push_back({pointer + "data_url", url.error()});
  }
}

}  // namespace penstock::policy
