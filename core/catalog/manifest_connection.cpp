#include <algorithm>

#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

/// Reports a name that the connection schema does not have.
bool check_connection_name(const std::string& member, const std::string& name, const Fields& fields,
                           JsonReader& reader) {
  if (find_field(fields, name) != nullptr) return true;
  reader.problem(member, "names " + name + ", which the connection schema does not have" +
                             did_you_mean_field(name, fields));
  return false;
}

void check_condition(const FieldsWhen& when, const Fields& fields, JsonReader& reader) {
  const std::string member = "connection_required_when";
  if (!when.field.empty() && check_connection_name(member, when.field, fields, reader)) {
    const std::vector<std::string>& choices = find_field(fields, when.field)->choices;
    if (!choices.empty() && std::ranges::find(choices, when.equals) == choices.end())
      reader.problem(member, "tests " + when.field + " for \"" + when.equals +
                                 "\", which is none of its choices" +
                                 did_you_mean(when.equals, choices));
  }
  for (const std::string& name : when.fields)
    check_connection_name(member, name, fields, reader);
}

}  // namespace

std::vector<FieldsWhen> read_required_when(JsonReader& reader) {
  std::vector<FieldsWhen> out;
  for (JsonReader& rule : reader.items("connection_required_when")) {
    FieldsWhen when{rule.text("field", true), rule.text("equals", true), rule.texts("fields")};
    if (rule.is_object() && when.fields.empty())
      rule.problem("fields", "must name at least one field");
    rule.refuse_unknown_members();
    out.push_back(std::move(when));
  }
  return out;
}

std::vector<OptionDefault> read_option_defaults(JsonReader& reader, const Schemas& schemas) {
  const std::string member = "option_defaults";
  std::vector<OptionDefault> out;
  const JsonValue* defaults = reader.object(member);
  if (defaults == nullptr) return out;
  for (const auto& [option, value] : defaults->members) {
    if (!value.is_string()) {
      reader.problem(member, "must give " + option + " the name of a connection field");
      continue;
    }
    if (schemas.option_fields && find_field(*schemas.option_fields, option) == nullptr) {
      reader.problem(member, "names " + option + ", which the schema of api_options does not have" +
                                 did_you_mean_field(option, *schemas.option_fields));
    }
    if (schemas.connection_fields) {
      const Fields& fields = *schemas.connection_fields;
      if (check_connection_name(member, value.text, fields, reader) &&
          find_field(fields, value.text)->secret)
        reader.problem(member, "names " + value.text + ", which is a secret");
    }
    out.push_back({option, value.text});
  }
  return out;
}

void check_placeholders(const Api& api, const Schemas& schemas, JsonReader& reader) {
  if (api.base_url.of_session()) {
    if (!reader.has("session"))
      reader.problem("base_url", "comes with the session, but there is no \"session\"");
    return;
  }
  for (const UrlTemplate::Placeholder& placeholder : api.base_url.placeholders()) {
    const std::string& name = placeholder.name;
    const bool from_connection = placeholder.source == UrlTemplate::Source::connection;
    const auto& fields = from_connection ? schemas.connection_fields : schemas.option_fields;
    if (!fields) continue;
    const schema::FieldInfo* field = find_field(*fields, name);
    if (field == nullptr) {
      reader.problem("base_url", "names " + name + ", which its schema does not have" +
                                     did_you_mean_field(name, *fields));
    } else if (field->secret) {
      reader.problem("base_url", "names " + name + ", which is a secret");
    } else {
      const bool required =
          field->required || (from_connection && std::ranges::find(api.connection_required, name) !=
                                                     api.connection_required.end());
      if (!required && !field->has_default)
        reader.problem("base_url",
                       "names " + name + ", which is neither required nor has a default");
    }
  }
}

void check_connection_names(const Api& api, const Schemas& schemas, JsonReader& reader) {
  if (!schemas.connection_fields) return;
  const Fields& fields = *schemas.connection_fields;
  for (const std::string& name : api.connection_required)
    check_connection_name("connection_required", name, fields, reader);
  for (const FieldsWhen& when : api.connection_required_when)
    check_condition(when, fields, reader);
  if (!api.session || api.session->rotates.empty()) return;
  const std::string& rotates = api.session->rotates;
  if (check_connection_name("session", rotates, fields, reader) &&
      !find_field(fields, rotates)->secret)
    reader.problem("session", "rotates " + rotates + ", which is not a secret");
}

}  // namespace penstock::catalog
