#include "message.hpp"

#include "http_text.hpp"

namespace penstock::sandbox {

std::string_view Request::header(std::string_view name) const {
  for (const auto& field : headers)
    if (lower(field.name) == lower(name)) return field.value;
  return {};
}

bool Request::has_header(std::string_view name) const { return count(name) > 0; }

int Request::count(std::string_view name) const {
  int n = 0;
  for (const auto& field : headers)
    n += lower(field.name) == lower(name);
  return n;
}

Response text_response(int status, std::string content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::move(content_type)}};
  response.body = std::move(body);
  return response;
}

Response json_response(int status, std::string body) {
  return text_response(status, "application/json;charset=utf-8", std::move(body));
}

}  // namespace penstock::sandbox
