#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::server {

/// A quoted string for JSON, JavaScript and TypeScript.
std::string quoted_json(std::string_view text);

/// A JSON object, written member by member in that order.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    return json(name, quoted_json(value));
  }

  /// `value` is already JSON; if empty, the member is omitted.
  JsonObject& json(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    if (out_.size() > 1) out_ += ',';
    out_ += quoted_json(name);
    out_ += ':';
    out_ += value;
    return *this;
  }

  /// Adds the members of another object.
  JsonObject& members_of(std::string_view object) {
    object = object.substr(1, object.size() - 2);
    if (object.empty()) return *this;
    if (out_.size() > 1) out_ += ',';
    out_ += object;
    return *this;
  }

  std::string done() const { return out_ + '}'; }

 private:
  std::string out_ = "{";
};

inline std::string json_array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + ']';
}

inline std::string json_texts(const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values)
    quoted.push_back(quoted_json(value));
  return json_array(quoted);
}

/// `{"$ref":"#/components/schemas/Error"}` for "schemas/Error".
inline std::string ref_to(std::string_view component) {
  return JsonObject().text("$ref", "#/components/" + std::string(component)).done();
}

/// `{"application/json":{"schema":…}}`, with the examples, if any.
inline std::string json_content(std::string_view schema, std::string_view examples = {}) {
  return JsonObject()
      .json("application/json",
            JsonObject().json("schema", schema).json("examples", examples).done())
      .done();
}

}  // namespace penstock::server
