#include "dispatch/form.hpp"

#include "base/http.hpp"
#include "base/url.hpp"

namespace penstock::dispatch {
namespace {

std::string quoted(std::string_view name) {
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

}  // namespace

EncodedForm encode_form(const std::vector<FormPart>& parts, std::string_view boundary) {
  EncodedForm form;
  form.content_type = "multipart/form-data; boundary=" + std::string(boundary);
  for (const FormPart& part : parts) {
    form.body.append("--")
        .append(boundary)
        .append("\r\nContent-Disposition: form-data; name=")
        .append(quoted(part.name));
    if (part.is_file) {
      form.body.append("; filename=").append(quoted(part.file_name)).append("\r\nContent-Type: ");
      form.body.append(part.content_type.empty() ? "application/octet-stream" : part.content_type);
    }
    form.body.append("\r\n\r\n").append(part.content).append("\r\n");
  }
  form.body.append("--").append(boundary).append("--\r\n");
  return form;
}

void check_form(const std::vector<FormPart>& parts, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string pointer = "/multipart_form_data/" + std::to_string(i) + "/value/";
    if (!parts[i].content_type.empty() && !is_media_type(parts[i].content_type))
      problems.push_back({pointer + "content_type", "is not a media type"});
    if (parts[i].data_url.empty()) continue;
    // Never the URL itself: it may be signed.
    const auto url = parse_url(parts[i].data_url);
    if (!url) problems.push_back({pointer + "data_url", url.error()});
  }
}

}  // namespace penstock::dispatch
