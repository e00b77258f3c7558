#include <algorithm>
#include <array>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "envelope/envelope_reader.hpp"

namespace penstock {
namespace {

const std::array<std::string, 3> part_members{"name", "value", "content_type"};
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
    std::string field_type;
    const bool whole = json_.each_member([&](const std::string& name) {
      const std::string here = short_pointer_to(pointer, name);
      names.push_back(name);
      if (name == "name") return reader_.read_string(here, parts_.back().name);
      if (name == "value") return read_value(here);
      if (name == "content_type") return read_content_type(here, field_type);
      if (std::ranges::find(file_members, name) != file_members.end()) {
        reader_.report({here, "belongs in value: \"value\": {\"name\": …, \"" + name + "\": …}"});
        return json_.skip();
      }
      return reader_.ignore(pointer, name, part_members);
    });
    if (!whole) return false;
    check_members(pointer, names, std::span(part_members).first(2));
    if (field_type.empty()) return true;
    if (!parts_.back().content_type.empty()) {
      reader_.report(
          {short_pointer_to(pointer, "content_type"), "is given in value as well; give it once"});
    }
    parts_.back().content_type = std::move(field_type);
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
    case JsonCursor::Kind::array:
      return reader_.refuse(pointer, "one string or one file (repeat the part for each value)");
    case JsonCursor::Kind::number:
    case JsonCursor::Kind::boolean:
      return reader_.refuse(pointer, "a string (put it in quotes)");
    default:
      return reader_.refuse(pointer, "a string or a file {name, content_type, data or data_url}");
    }
  }

  bool read_file(const std::string& pointer) {
    FormPart& file = parts_.back();
    std::vector<std::string> names;
    bool has_data = false;
    bool has_url = false;
    const bool whole = json_.each_member([&](const std::string& name) {
      const std::string here = short_pointer_to(pointer, name);
      names.push_back(name);
      if (name != "name" && json_.next() == JsonCursor::Kind::null) return json_.skip();
      if (name == "name") return reader_.read_string(here, file.file_name);
      if (name == "content_type") return read_content_type(here, file.content_type);
      if (name == "data") return has_data = true, read_content(here);
      if (name == "data_url") {
        return has_url = true, reader_.read_string(here, file.data_url);
      }
      return reader_.ignore(pointer, name, file_members);
    });
    if (!whole) return false;
    if (std::ranges::find(names, "name") == names.end()) {
      reader_.report({short_pointer_to(pointer, "name"),
                      "is required: a file has a name (for a field without one, make value a "
                      "string and put content_type beside it)",
                      "required"});
    }
    check_members(pointer, names, {});
    if (has_data == has_url) {
      reader_.report({short_pointer_to(pointer, "data"),
                      has_data ? "cannot be given together with data_url"
                               : "is required: the file's bytes as base64, or data_url",
                      has_data ? "" : "required"});
    }
    return true;
  }

  bool read_content_type(const std::string& pointer, std::string& type) {
    if (json_.next() == JsonCursor::Kind::null) return json_.skip();
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
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    if (auto bytes = base64_decode(text)) {
      parts_.back().content = std::move(*bytes);
    } else {
      reader_.report({pointer, base64_trouble(text)});
    }
    return true;
  }

  /// Describes why the text, without white space, is not base64.
  static std::string base64_trouble(std::string_view text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.starts_with("data:"))
      return "must be base64 only; remove the beginning of the data: URL, up to its comma";
    const std::size_t foreign = text.find_first_not_of(alphabet);
    if (foreign == std::string_view::npos && text.size() % 4 == 1)
      return "is truncated base64: one character is left over";
    if (foreign == std::string_view::npos) return "is base64 without its padding; add = or ==";
    if (text[foreign] == '-' || text[foreign] == '_')
      return "is base64url; base64 has + and / in place of - and _ (RFC 4648 section 4)";
    if (text[foreign] == '=')
      return "is truncated base64, or has its padding (=) in the wrong place";
    return "must be base64 (RFC 4648 section 4); character " + std::to_string(foreign + 1) +
           " is none of it";
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
    return reader.refuse(pointer, "an array of parts [{\"name\": …, \"value\": …}]");
  FormReader form(reader, out);
  return reader.json().each_element([&](std::size_t index) {
    return form.read_part(short_pointer_to(pointer, std::to_string(index)));
  });
}

}  // namespace penstock
