#include <algorithm>
#include <array>

#include "base/http.hpp"
#include "base/text.hpp"
#include "envelope/envelope_reader.hpp"

namespace penstock {
namespace {

const std::array<std::string, 2> part_members{"name", "value"};
const std::array<std::string, 4> file_members{"name", "content_type", "data", "data_url"};

class FormReader {
 public:
  FormReader(EnvelopeReader& reader, std::vector<FormPart>& parts)
      : reader_(reader), json_(reader.json()), parts_(parts) {}

  bool read_part(const std::string& pointer) {
    if (json_.next() != JsonCursor::Kind::object)
      return reader_.refuse(pointer, "an object with name and value");
    parts_.emplace_back();
    std::vector<std::string> names;
    const bool whole = json_.each_member([&](std::string name) {
      const std::string here = short_pointer_to(pointer, name);
      names.push_back(name);
      if (name == "name") return reader_.read_string(here, parts_.back().name);
      if (name == "value") return read_value(here);
      return reader_.ignore(pointer, name, part_members);
    });
    if (!whole) return false;
    check_members(pointer, names, part_members);
    return true;
  }

 private:
  bool read_value(const std::string& pointer) {
    switch (json_.next()) {
    case JsonCursor::Kind::string:
      return json_.read_string(parts_.back().content);
    case JsonCursor::Kind::object:
      parts_.back().is_file = true;
      return read_file(pointer);
    default:
      return reader_.refuse(pointer, "a string or a file {name, content_type, data or data_url}");
    }
  }

  bool read_file(const std::string& pointer) {
    FormPart& file = parts_.back();
    std::vector<std::string> names;
    bool has_data = false;
    bool has_url = false;
    const bool whole = json_.each_member([&](std::string name) {
      const std::string here = short_pointer_to(pointer, name);
      names.push_back(name);
      if (name != "name" && json_.next() == JsonCursor::Kind::null) return json_.skip();
      if (name == "name") return reader_.read_string(here, file.file_name);
      if (name == "content_type") return read_content_type(here);
      if (name == "data") return has_data = true, read_content(here);
      if (name == "data_url") {
        return has_url = true, reader_.read_string(here, file.data_url);
      }
      return reader_.ignore(pointer, name, file_members);
    });
    if (!whole) return false;
    check_members(pointer, names, std::span(file_members).first(1));
    if (has_data == has_url) {
      reader_.report({short_pointer_to(pointer, "data"),
                      has_data ? "stands beside data_url; give one of the two"
                               : "is required: the file's bytes as base64, or data_url",
                      has_data ? "" : "required"});
    }
    return true;
  }

  bool read_content_type(const std::string& pointer) {
    std::string& type = parts_.back().content_type;
    if (!reader_.read_string(pointer, type)) return false;
    if (!type.empty() && !is_media_type(type))
      reader_.report({pointer, "must be a media type such as application/pdf"});
    return true;
  }

  bool read_content(const std::string& pointer) {
    if (json_.next() != JsonCursor::Kind::string)
      return reader_.refuse(pointer, "a string of base64");
    std::string text;
    if (!json_.read_string(text)) return false;
    if (auto bytes = base64_decode(text)) {
      parts_.back().content = std::move(*bytes);
    } else {
      reader_.report({pointer, "must be base64 with padding (RFC 4648 section 4)"});
    }
    return true;
  }

  void check_members(const std::string& pointer, const std::vector<std::string>& names,
                     std::span<const std::string> required) {
    for (const std::string& name : required) {
      if (std::ranges::find(names, name) == names.end())
        reader_.report({short_pointer_to(pointer, name), "is required", "required"});
    }
    reader_.report_repeated(pointer, {names.begin(), names.end()});
  }

  EnvelopeReader& reader_;
  JsonCursor& json_;
  std::vector<FormPart>& parts_;
};

}  // namespace

bool read_form(EnvelopeReader& reader, const std::string& pointer, std::vector<FormPart>& out) {
  if (reader.json().next() != JsonCursor::Kind::array)
    return reader.refuse(pointer, "an array of parts");
  FormReader form(reader, out);
  return reader.json().each_element([&](std::size_t index) {
    return form.read_part(short_pointer_to(pointer, std::to_string(index)));
  });
}

}  // namespace penstock
