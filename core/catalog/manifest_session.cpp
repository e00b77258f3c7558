#include <algorithm>
#include <array>

#include <penstock/text.hpp>

#include "catalog/manifest_parts.hpp"

namespace penstock::catalog {
namespace {

/// "key": ["api", "opt.region"]
void read_key(JsonReader& session, const Schemas& schemas, SessionSpec& spec) {
  const std::vector<std::string> parts = session.texts("key");
  if (session.has("key") && parts.empty())
    session.problem("key", "must have at least one part; left out, the connection has one session");
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    if (std::find(parts.begin(), part, *part) != part) {
      session.problem("key", "contains " + *part + " twice");
    } else if (*part == "api") {
      spec.per_api = true;
    } else if (!part->starts_with("opt.")) {
      session.problem("key",
                      "contains " + *part + ", which is neither \"api\" nor \"opt.\" and a name");
    } else {
      const std::string name = part->substr(4);
      spec.key_options.push_back(name);
      if (!schemas.option_fields) continue;
      const schema::FieldInfo* field = find_field(*schemas.option_fields, name);
      if (field == nullptr) {
        session.problem("key", "names " + name + ", which the schema of api_options does not have" +
                                   did_you_mean_field(name, *schemas.option_fields));
      } else if (field->secret || field->type == "object" || field->type == "array") {
        session.problem("key", "names " + name + ", which is a secret or no single value");
      }
    }
  }
}

}  // namespace

std::optional<SessionSpec> read_session(JsonReader& reader, const Schemas& schemas) {
  std::optional<JsonReader> session = reader.nested("session");
  if (!session) return std::nullopt;
  SessionSpec spec;
  spec.format = static_cast<int>(session->integer("format", 1, 1, 1'000'000));
  spec.max_fetches = static_cast<int>(session->integer("max_fetches", 4, 1, 8));
  spec.logout = session->boolean("logout", false);
  spec.rotates = session->text("rotates");
  spec.always_rotates = !spec.rotates.empty();
  if (const std::string may = session->text("may_rotate"); !may.empty()) {
    if (spec.always_rotates)
      session->problem("may_rotate", "cannot be given together with \"rotates\"");
    spec.rotates = may;
    spec.always_rotates = false;
  }
  read_key(*session, schemas, spec);
  session->refuse_unknown_members();
  return spec;
}

void check_session_keys(const std::vector<Api>& apis, std::vector<Problem>& problems) {
  const auto rotates = [](const Api& api) { return api.session && !api.session->rotates.empty(); };
  if (std::ranges::none_of(apis, rotates)) return;
  for (const Api& api : apis) {
    if (!api.session || (!api.session->per_api && api.session->key_options.empty())) continue;
    problems.push_back({pointer_to("/apis", api.name) + "/session/key",
                        "cannot stand in a manifest with \"rotates\" or \"may_rotate\""});
  }
}

std::map<std::string, std::string> read_signing_keys(JsonReader& reader,
                                                     const std::optional<Fields>& connection) {
  constexpr std::array algorithms = {"RS256", "PS256", "ES256"};
  std::map<std::string, std::string> out;
  const JsonValue* keys = reader.object("signing_keys");
  if (keys == nullptr) return out;
  for (const auto& [field, value] : keys->members) {
    const std::string algorithm = value.is_string() ? value.text : "";
    if (std::ranges::find(algorithms, algorithm) == algorithms.end())
      reader.problem("signing_keys", "must give " + field + " one of RS256, PS256 and ES256");
    if (connection) {
      const schema::FieldInfo* found = find_field(*connection, field);
      if (found == nullptr) {
        reader.problem("signing_keys", "names " + field +
                                           ", which the connection schema does not have" +
                                           did_you_mean_field(field, *connection));
      } else if (!found->secret) {
        reader.problem("signing_keys", "names " + field + ", which is not a secret");
      }
    }
    out.emplace(field, algorithm);
  }
  return out;
}

}  // namespace penstock::catalog
