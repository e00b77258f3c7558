#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// JSON text, written without a tree. All functions are [any-thread].

/// Appends a JSON string. Each byte that is not valid UTF-8 becomes U+FFFD, so the result is always
/// valid JSON. Returns the number of replaced bytes.
std::size_t append_json_string(std::string& out, std::string_view text);

/// The same as a value. Also a string of JavaScript and TypeScript.
std::string json_string(std::string_view text);

/// `[value,value]` of values that are JSON already.
std::string json_array(const std::vector<std::string>& values);

/// `["text","text"]`
std::string json_strings(const std::vector<std::string>& texts);

/// A JSON object, written member by member in the order of the calls.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    append_json_string(start(name), value);
    return *this;
  }

  JsonObject& number(std::string_view name, std::int64_t value) {
    start(name) += std::to_string(value);
    return *this;
  }

  JsonObject& boolean(std::string_view name, bool value) {
    start(name) += value ? "true" : "false";
    return *this;
  }

  /// `value` is already JSON; if empty, the member is omitted.
  JsonObject& json(std::string_view name, std::string_view value) {
    if (!value.empty()) start(name) += value;
    return *this;
  }

  /// Adds the members of another object, which is JSON without white space around it.
  JsonObject& members_of(std::string_view object) {
    object = object.substr(1, object.size() - 2);
    if (!object.empty()) separate().append(object);
    return *this;
  }

  std::string done() const { return out_ + '}'; }

 private:
  std::string& separate() {
    if (out_.size() > 1) out_ += ',';
    return out_;
  }
  std::string& start(std::string_view name) {
    append_json_string(separate(), name);
    return out_ += ':';
  }

  std::string out_ = "{";
};

/// `compact`: no white space. `indented`: for people, one value per line, two spaces per level.
enum class JsonLayout : std::uint8_t { compact, indented };

/// The same JSON with uniform white space. `json` must be well-formed.
std::string format_json(std::string_view json, JsonLayout layout);

}  // namespace penstock
