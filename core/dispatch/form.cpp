#include "dispatch/form.hpp"

#include "base/http.hpp"

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

bool is_media_type(std::string_view text) {
  const std::string_view essence = text.substr(0, text.find(';'));
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos || !is_field_value(text)) return false;
  std::string_view subtype = essence.substr(slash + 1);
  while (subtype.ends_with(' '))
    subtype.remove_suffix(1);
  return is_token(essence.substr(0, slash)) && is_token(subtype);
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
    if (!parts[i].content_type.empty() && !is_media_type(parts[i].content_type)) {
      problems.push_back({"/multipart_form_data/" + std::to_string(i) + "/value/content_type",
                          "is not a media type"});
    }
  }
}

}  // namespace penstock::dispatch
