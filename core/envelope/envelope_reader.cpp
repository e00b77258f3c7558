#include "envelope/envelope_reader.hpp"

#include <algorithm>
#include <set>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

namespace penstock {
namespace {

constexpr std::size_t max_levels = 64;
constexpr std::size_t max_values = 100'000;
constexpr std::size_t max_reports = 20;
constexpr std::size_t max_shown_name = 64;

std::string_view kind_name(JsonCursor::Kind kind) {
  switch (kind) {
  case JsonCursor::Kind::object:
    return "object";
  case JsonCursor::Kind::array:
    return "array";
  case JsonCursor::Kind::string:
    return "string";
  case JsonCursor::Kind::number:
    return "number";
  case JsonCursor::Kind::boolean:
    return "boolean";
  case JsonCursor::Kind::null:
    return "null";
  case JsonCursor::Kind::unknown:
    break;
  }
  return "something else";
}

/// A name as shown in messages: shortened if too long, cut between characters.
std::string shortened(std::string_view name) {
  const std::string_view prefix = utf8_prefix(name, max_shown_name);
  return std::string(prefix) + (prefix.size() < name.size() ? "…" : "");
}

}  // namespace

std::string short_pointer_to(std::string_view parent, std::string_view name) {
  return pointer_to(parent, shortened(name));
}

EnvelopeReader::EnvelopeReader(std::string_view text)
    : text_(text), json_(text, {.depth = max_levels, .values = max_values}) {}

void EnvelopeReader::report(Problem problem) {
  if (problems_.size() < max_reports) problems_.push_back(std::move(problem));
}

void EnvelopeReader::warn(std::string message) {
  if (warnings_.size() < max_reports) warnings_.push_back(std::move(message));
}

bool EnvelopeReader::refuse(const std::string& pointer, std::string_view must_be) {
  const JsonCursor::Kind kind = json_.next();
  if (kind != JsonCursor::Kind::unknown) {
    const std::string given(kind_name(kind));
    report({pointer, "must be " + std::string(must_be) + ", not " + with_article(given), "type",
            given});
  }
  return json_.skip();
}

bool EnvelopeReader::ignore(const std::string& pointer, std::string_view name,
                            std::span<const std::string> known) {
  const std::string near =
      name.size() <= max_shown_name ? did_you_mean(name, known) : std::string();
  warn("unknown member " + short_pointer_to(pointer, name) + " is ignored" + near);
  return json_.skip();
}

void EnvelopeReader::report_repeated(const std::string& pointer,
                                     std::vector<std::string_view> names) {
  std::ranges::sort(names);
  for (auto at = std::ranges::adjacent_find(names); at != names.end();
       at = std::adjacent_find(std::ranges::upper_bound(at, names.end(), *at), names.end())) {
    report({short_pointer_to(pointer, *at), "is given more than once"});
  }
}

bool EnvelopeReader::read_string(const std::string& pointer, std::string& out) {
  return json_.next() == JsonCursor::Kind::string ? json_.read_string(out)
                                                  : refuse(pointer, "a string");
}

bool EnvelopeReader::read_boolean(const std::string& pointer, bool& out) {
  return json_.next() == JsonCursor::Kind::boolean ? json_.read_boolean(out)
                                                   : refuse(pointer, "true or false");
}

bool EnvelopeReader::read_members(const std::string& pointer, std::vector<Field>& out,
                                  std::string_view for_list) {
  if (json_.next() != JsonCursor::Kind::object) return refuse(pointer, "an object of strings");
  const bool whole = json_.each_member([&](std::string name) {
    out.push_back({std::move(name), {}});
    if (json_.next() == JsonCursor::Kind::string) return json_.read_string(out.back().value);
    const bool is_list = json_.next() == JsonCursor::Kind::array;
    return refuse(short_pointer_to(pointer, out.back().name),
                  "a string" + std::string(is_list ? for_list : std::string_view()));
  });
  return whole;
}

bool EnvelopeReader::read_headers(const std::string& pointer, Headers& out) {
  std::vector<Field> fields;
  if (!read_members(pointer, fields, " (separate several values with commas in one string)"))
    return false;
  out = Headers(std::move(fields));
  std::set<std::string> names;
  for (const Field& field : out) {
    std::string name = lower(field.name);
    std::ranges::replace(name, '_', '-');
    if (!names.insert(std::move(name)).second) {
      report({short_pointer_to(pointer, field.name),
              "is given more than once; header names are case-insensitive"});
    }
  }
  return true;
}

bool EnvelopeReader::read_fields(const std::string& pointer, std::vector<Field>& out,
                                 std::string_view for_list) {
  if (!read_members(pointer, out, for_list)) return false;
  std::vector<std::string_view> names;
  names.reserve(out.size());
  for (const Field& field : out)
    names.emplace_back(field.name);
  report_repeated(pointer, std::move(names));
  return true;
}

}  // namespace penstock
