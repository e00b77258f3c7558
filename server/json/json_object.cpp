#include "json/json_object.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::server {

std::string quoted_json(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock::server
