#include <algorithm>
#include <array>
#include <bitset>

#include <penstock/envelope.hpp>
#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

#include "envelope/envelope_reader.hpp"

namespace penstock {
namespace {

constexpr std::size_t max_option_bytes = 4096;

const std::array<std::string, 5> methods{"GET", "POST", "PUT", "PATCH", "DELETE"};
const std::array<std::string, 8> members{"method",
                                         "path",
                                         "headers",
                                         "params",
                                         "data",
                                         "api_options",
                                         "response_as_base64",
                                         "multipart_form_data"};

Failure<Error> broken(std::string message) {
  std::vector<Problem> details{{"", message}};
  return failure(input_invalid(std::move(message), std::move(details)));
}

class EnvelopeParser {
 public:
  explicit EnvelopeParser(std::string_view text) : reader_(text), json_(reader_.json()) {}

  Result<ParsedEnvelope> parse() {
    if (json_.next() != JsonCursor::Kind::object && json_.next() != JsonCursor::Kind::unknown) {
      return broken("the request body must be a JSON object with method and path");
    }
    const bool whole =
        json_.each_member([this](const std::string& name) { return read_member(name); });
    if (!whole) return syntax_error();
    if (!json_.at_end()) return broken("the request body has more text after its JSON" + place());
    check_whole();
    return ParsedEnvelope{std::move(call_), std::move(reader_.warnings()),
                          std::move(reader_.problems())};
  }

 private:
  std::string place() const { return " (offset " + std::to_string(json_.offset()) + ")"; }

  Failure<Error> syntax_error() const {
    return broken("the request body is not valid JSON: " + json_.error() + place());
  }

  bool read_member(const std::string& name) {
    const auto known = static_cast<std::size_t>(std::ranges::find(members, name) - members.begin());
    const std::string pointer = short_pointer_to("", name);
    if (known == members.size()) return reader_.ignore("", name, members);
    if (seen_[known]) reader_.report({pointer, "is given more than once"});
    seen_[known] = true;
    if (json_.next() == JsonCursor::Kind::null) {
      given_null_[known] = true;
      return json_.skip();
    }
    switch (known) {
    case 0:
      return read_method(pointer);
    case 1:
      return reader_.read_string(pointer, call_.path);
    case 2:
      return reader_.read_headers(pointer, call_.headers);
    case 3:
      return reader_.read_fields(
          pointer, call_.params,
          " (to repeat a name, write it in path: \"path\": \"/…?id=1&id=2\")");
    case 4:
      return read_data(pointer);
    case 5:
      return read_options(pointer);
    case 6:
      return reader_.read_boolean(pointer, call_.response_as_base64);
    default:
      return read_form(reader_, pointer, call_.form);
    }
  }

  bool read_method(const std::string& pointer) {
    if (json_.next() != JsonCursor::Kind::string) return reader_.refuse(pointer, "a string");
    if (!json_.read_string(call_.method)) return false;
    if (std::ranges::find(methods, call_.method) == methods.end()) {
      const std::string near =
          call_.method.size() <= 16 ? nearest(call_.method, methods) : std::string();
      reader_.report({pointer, "must be one of GET, POST, PUT, PATCH, DELETE" + did_you_mean(near),
                      "enum", "string", near});
    }
    return true;
  }

  bool read_data(const std::string& pointer) {
    switch (json_.next()) {
    case JsonCursor::Kind::object:
    case JsonCursor::Kind::array: {
      std::string_view slice;
      if (!json_.skip(&slice)) return false;
      call_.body.emplace(slice);
      call_.body_is_json = true;
      return true;
    }
    case JsonCursor::Kind::string:
      call_.body_is_json = false;
      return json_.read_string(call_.body.emplace());
    default:
      return reader_.refuse(pointer, "an object, an array or a string");
    }
  }

  bool read_options(const std::string& pointer) {
    if (json_.next() != JsonCursor::Kind::object) return reader_.refuse(pointer, "an object");
    const std::size_t start = json_.offset();
    std::vector<std::string> names;
    const bool whole = json_.each_member([&](std::string name) {
      names.push_back(std::move(name));
      return json_.skip();
    });
    if (!whole) return false;
    reader_.report_repeated(pointer, {names.begin(), names.end()});
    call_.api_options = reader_.text_since(start);
    if (call_.api_options.size() > max_option_bytes) {
      reader_.report({pointer, "must not be longer than 4096 bytes"});
      call_.api_options.clear();  // not validated further
    }
    return true;
  }

  void check_whole() {
    for (const std::size_t required : {0U, 1U}) {
      if (!seen_[required] || given_null_[required])
        reader_.report({short_pointer_to("", members[required]), "is required", "required"});
    }
    if (call_.body && !call_.form.empty()) {
      reader_.report({"/data", "cannot be given together with multipart_form_data"});
    }
  }

  EnvelopeReader reader_;
  JsonCursor& json_;
  Call call_;
  std::bitset<std::tuple_size_v<decltype(members)>> seen_;
  std::bitset<std::tuple_size_v<decltype(members)>> given_null_;
};

}  // namespace

Result<ParsedEnvelope> read_envelope(std::string_view json) {
  if (json.empty())
    return broken("the request body is empty; it must be a JSON object with method and path");
  if (json.starts_with("\xEF\xBB\xBF"))
    return broken("the request body begins with a byte order mark");
  const std::size_t invalid = find_invalid_utf8(json);
  if (invalid != std::string_view::npos) {
    return broken("the request body is not valid UTF-8 (offset " + std::to_string(invalid) + ")");
  }
  return EnvelopeParser(json).parse();
}

Result<ParsedEnvelope> parse_envelope(std::string_view json) {
  auto read = read_envelope(json);
  if (read && !read->problems.empty()) return failure(input_invalid(std::move(read->problems)));
  return read;
}

}  // namespace penstock
