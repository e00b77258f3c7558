#include "catalog/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include <penstock/http.hpp>
#include <penstock/text.hpp>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"
#include "catalog/json_position.hpp"
#include "catalog/json_reader.hpp"

namespace penstock::catalog {
namespace {

using Problems = std::vector<Problem>;

bool is_name(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != more.npos;
  });
}

std::string compact(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

/// "status": 401, or [from, to].
void read_status(JsonReader& reader, int& from, int& to) {
  const rapidjson::Value* status = reader.any("status");
  if (status == nullptr) return;
  if (status->IsInt()) {
    from = to = status->GetInt();
  } else if (status->IsArray() && status->Size() == 2 && (*status)[0].IsInt() &&
             (*status)[1].IsInt()) {
    from = (*status)[0].GetInt();
    to = (*status)[1].GetInt();
  } else {
    reader.problem("status", "must be a status or a pair [from, to]");
    return;
  }
  if (from < 100 || to > 599 || from > to) reader.problem("status", "must be within 100 to 599");
}

/// None if the schema cannot be used. If the member is absent, the result is an empty, closed
/// schema.
std::optional<schema::Schema> read_schema(JsonReader& reader, const char* name,
                                          Problems& problems) {
  const rapidjson::Value* found = reader.object(name);
  if (!reader.is_sound(name)) return std::nullopt;
  static const std::string none =
      R"({"type":"object","properties":{},"additionalProperties":false})";
  if (found == nullptr) return *schema::Schema::compile(none);
  auto compiled = schema::Schema::compile(*found);
  if (compiled) return *std::move(compiled);
  for (Problem& problem : compiled.error()) {
    problem.pointer.insert(0, reader.pointer_to(name));
    problems.push_back(std::move(problem));
  }
  return std::nullopt;
}

const schema::FieldInfo* find(const std::vector<schema::FieldInfo>& fields,
                              const std::string& name) {
  const auto found = std::ranges::find(fields, name, &schema::FieldInfo::name);
  return found == fields.end() ? nullptr : &*found;
}

/// `; did you mean "tenant"?`, or empty.
std::string near(const std::string& name, const std::vector<schema::FieldInfo>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const schema::FieldInfo& field : fields)
    names.push_back(field.name);
  return did_you_mean(name, names);
}

using Fields = std::vector<schema::FieldInfo>;

/// The fields of a schema that does not compile, as far as checks of names that refer to them need
/// them. None if `properties` cannot be read.
std::optional<Fields> fields_of_faulty(const rapidjson::Value* schema) {
  if (schema == nullptr || !schema->IsObject()) return std::nullopt;
  const auto properties = schema->FindMember("properties");
  if (properties == schema->MemberEnd() || !properties->value.IsObject()) return std::nullopt;
  const auto required = schema->FindMember("required");
  Fields out;
  for (const auto& [name, field] : properties->value.GetObject()) {
    if (!field.IsObject()) return std::nullopt;
    schema::FieldInfo info;
    info.name = {name.GetString(), name.GetStringLength()};
    if (const auto secret = field.FindMember("x-secret"); secret != field.MemberEnd()) {
      if (!secret->value.IsBool()) return std::nullopt;
      info.secret = secret->value.GetBool();
    }
    info.has_default = field.HasMember("default");
    info.required = required != schema->MemberEnd() && required->value.IsArray() &&
                    std::ranges::any_of(required->value.GetArray(),
                                        [&key = name](const auto& one) { return one == key; });
    out.push_back(std::move(info));
  }
  return out;
}

/// What the parts of one API are checked against. `options` is null if it did not compile; fields
/// are none if not even their names could be read.
struct Schemas {
  const schema::Schema* options = nullptr;
  std::optional<Fields> connection_fields, option_fields;
};

std::optional<Fields> fields_of(const std::optional<schema::Schema>& compiled,
                                const rapidjson::Value* written) {
  return compiled ? std::optional<Fields>(compiled->fields()) : fields_of_faulty(written);
}

ClassifyRule read_rule(const rapidjson::Value& value, std::string pointer, Problems& problems) {
  constexpr std::array<std::pair<std::string_view, ResponseKind>, 4> kinds = {{
      {"session_expired", ResponseKind::session_expired},
      {"auth_rejected", ResponseKind::auth_rejected},
      {"rate_limited", ResponseKind::rate_limited},
      {"vendor_fault", ResponseKind::vendor_fault},
  }};
  JsonReader reader(value, std::move(pointer), problems);
  ClassifyRule rule;
  read_status(reader, rule.status_from, rule.status_to);
  rule.body_contains = reader.text("body_contains");
  rule.before_processing = reader.boolean("before_processing", false);
  const std::string kind = reader.text("kind", true);
  const auto known = std::ranges::find(kinds, kind, [](const auto& entry) { return entry.first; });
  if (known != kinds.end()) {
    rule.kind = known->second;
  } else {
    reader.problem("kind",
                   "must be one of session_expired, auth_rejected, rate_limited, vendor_fault");
  }
  reader.refuse_others();
  return rule;
}

ExampleCall read_example(const rapidjson::Value& value, std::string pointer, const Api& api,
                         const Schemas& schemas, Problems& problems) {
  JsonReader reader(value, std::move(pointer), problems);
  ExampleCall example;
  example.title = reader.text("title", true);
  example.method = reader.text("method", true);
  example.path = reader.text("path");
  if (!reader.has("path")) reader.problem("", "\"path\" is required");
  const rapidjson::Value* options = reader.object("api_options");
  example.api_options = options == nullptr ? "" : compact(*options);
  const rapidjson::Value* data = reader.any("data");
  example.data = data == nullptr ? "" : compact(*data);
  if (const rapidjson::Value* params = reader.object("params")) {
    reader.refuse_repeats(*params, "params");
    for (const auto& entry : params->GetObject()) {
      if (entry.value.IsString()) {
        example.params.push_back({entry.name.GetString(), entry.value.GetString()});
      } else {
        problems.push_back(
            {pointer_to(reader.pointer_to("params"), entry.name.GetString()), "must be a string"});
      }
    }
  }
  if (std::ranges::find(api.methods, example.method) == api.methods.end())
    reader.problem("method", "is not one of this API's methods");
  if (api.endpoint && !example.path.empty() && example.path != "/")
    reader.problem("path", "must be \"/\" or empty: the API is one address");
  if (!api.endpoint && !example.path.empty() && !example.path.starts_with('/'))
    reader.problem("path", "must begin with \"/\"");
  if (api.soap && data != nullptr && !data->IsString())
    reader.problem("data", "must be a string of XML: the API is SOAP");
  if (schemas.options != nullptr && reader.is_sound("api_options")) {
    const auto validation = schemas.options->validate(
        example.api_options.empty() ? "{}" : example.api_options, reader.pointer_to("api_options"));
    problems.insert(problems.end(), validation.problems.begin(), validation.problems.end());
  }
  reader.refuse_others();
  return example;
}

std::optional<VerifySpec> read_verify(JsonReader& api_reader, const Api& api,
                                      const Schemas& schemas, Problems& problems) {
  const rapidjson::Value* found = api_reader.object("verify");
  if (found == nullptr) return std::nullopt;
  VerifySpec verify;
  const std::string pointer = api_reader.pointer_to("verify");
  JsonReader reader(*found, pointer, problems);
  if (const rapidjson::Value* call = reader.object("call", true))
    verify.call = read_example(*call, pointer + "/call", api, schemas, problems);
  if (const rapidjson::Value* proofs = reader.array("accepts")) {
    for (rapidjson::SizeType i = 0; i < proofs->Size(); ++i) {
      JsonReader proof((*proofs)[i], pointer + "/accepts/" + std::to_string(i), problems);
      ProofOfCredentials one;
      if (proof.is_object() && !proof.has("status")) proof.problem("", "\"status\" is required");
      read_status(proof, one.status_from, one.status_to);
      one.body_contains = proof.text("body_contains");
      proof.refuse_others();
      verify.accepts.push_back(std::move(one));
    }
  }
  reader.refuse_others();
  return verify;
}

std::vector<FieldsWhen> read_required_when(JsonReader& reader, Problems& problems) {
  std::vector<FieldsWhen> out;
  const rapidjson::Value* rules = reader.array("connection_required_when");
  if (rules == nullptr) return out;
  for (rapidjson::SizeType i = 0; i < rules->Size(); ++i) {
    JsonReader rule((*rules)[i],
                    reader.pointer_to("connection_required_when") + "/" + std::to_string(i),
                    problems);
    FieldsWhen when{rule.text("field", true), rule.text("equals", true), rule.texts("fields")};
    if (rule.is_object() && when.fields.empty())
      rule.problem("fields", "must name at least one field");
    rule.refuse_others();
    out.push_back(std::move(when));
  }
  return out;
}

std::optional<SessionSpec> read_session(JsonReader& reader, Problems& problems) {
  const rapidjson::Value* found = reader.object("session");
  if (found == nullptr) return std::nullopt;
  JsonReader session(*found, reader.pointer_to("session"), problems);
  SessionSpec spec;
  spec.format = static_cast<int>(session.integer("format", 1, 1, 1'000'000));
  spec.max_fetches = static_cast<int>(session.integer("max_fetches", 4, 1, 8));
  spec.logout = session.boolean("logout", false);
  spec.rotates = session.text("rotates");
  spec.always_rotates = !spec.rotates.empty();
  if (const std::string may = session.text("may_rotate"); !may.empty()) {
    if (spec.always_rotates) session.problem("may_rotate", "stands beside \"rotates\"");
    spec.rotates = may;
    spec.always_rotates = false;
  }
  session.refuse_others();
  return spec;
}

std::optional<InspectWindow> read_inspect(JsonReader& reader, Problems& problems) {
  const rapidjson::Value* found = reader.object("inspect");
  if (found == nullptr) return std::nullopt;
  JsonReader inspect(*found, reader.pointer_to("inspect"), problems);
  InspectWindow window;
  read_status(inspect, window.status_from, window.status_to);
  window.max_bytes = static_cast<std::size_t>(inspect.integer("max_bytes", 65536, 1, 1 << 20));
  inspect.refuse_others();
  return window;
}

/// Every placeholder of the URL must have a value: it must name a field that is required or has a
/// default, and that is not secret.
void check_placeholders(const Api& api, const Schemas& schemas, JsonReader& reader) {
  if (api.base_url.of_session()) {
    if (!reader.has("session"))
      reader.problem("base_url", "is the session's, and there is no \"session\"");
    return;
  }
  for (const UrlTemplate::Placeholder& placeholder : api.base_url.placeholders()) {
    const bool from_connection = placeholder.source == UrlTemplate::Source::connection;
    const auto& known = from_connection ? schemas.connection_fields : schemas.option_fields;
    if (!known) continue;
    const Fields& fields = *known;
    const schema::FieldInfo* field = find(fields, placeholder.name);
    if (field == nullptr) {
      reader.problem("base_url", "names " + placeholder.name + ", which its schema does not have" +
                                     near(placeholder.name, fields));
    } else if (field->secret) {
      reader.problem("base_url", "names " + placeholder.name + ", which is a secret");
    } else {
      const bool required =
          field->required ||
          (from_connection && std::ranges::find(api.connection_required, placeholder.name) !=
                                  api.connection_required.end());
      if (!required && !field->has_default) {
        reader.problem("base_url", "names " + placeholder.name +
                                       ", which is neither required nor has a default");
      }
    }
  }
}

void check_connection_names(const Api& api, const Schemas& schemas, JsonReader& reader) {
  if (!schemas.connection_fields) return;
  const Fields& fields = *schemas.connection_fields;
  const auto check = [&](const std::string& member, const std::string& name) {
    if (find(fields, name) != nullptr) return true;
    reader.problem(member, "names " + name + ", which the connection schema does not have" +
                               near(name, fields));
    return false;
  };
  for (const std::string& name : api.connection_required)
    check("connection_required", name);
  for (const FieldsWhen& when : api.connection_required_when) {
    if (!when.field.empty() && check("connection_required_when", when.field)) {
      const std::vector<std::string>& choices = find(fields, when.field)->choices;
      if (!choices.empty() && std::ranges::find(choices, when.equals) == choices.end())
        reader.problem("connection_required_when", "waits for " + when.field + " to be \"" +
                                                       when.equals + "\", which is none of its " +
                                                       "choices" +
                                                       did_you_mean(when.equals, choices));
    }
    for (const std::string& name : when.fields)
      check("connection_required_when", name);
  }
  if (api.session && !api.session->rotates.empty() && check("session", api.session->rotates) &&
      !find(fields, api.session->rotates)->secret)
    reader.problem("session", "rotates " + api.session->rotates + ", which is no secret");
}

std::vector<OptionDefault> read_option_defaults(JsonReader& reader, const Schemas& schemas) {
  std::vector<OptionDefault> out;
  const rapidjson::Value* defaults = reader.object("option_defaults");
  if (defaults == nullptr) return out;
  reader.refuse_repeats(*defaults, "option_defaults");
  for (const auto& entry : defaults->GetObject()) {
    const std::string option = entry.name.GetString();
    if (!entry.value.IsString()) {
      reader.problem("option_defaults",
                     "gives " + option + " no connection field: must be the name of one");
      continue;
    }
    if (schemas.option_fields) {
      const Fields& options = *schemas.option_fields;
      if (find(options, option) == nullptr)
        reader.problem("option_defaults", "names " + option +
                                              ", which the schema of api_options does not have" +
                                              near(option, options));
    }
    const std::string field = entry.value.GetString();
    if (schemas.connection_fields) {
      const Fields& fields = *schemas.connection_fields;
      const schema::FieldInfo* found = find(fields, field);
      if (found == nullptr) {
        reader.problem("option_defaults", "names " + field +
                                              ", which the connection schema does not have" +
                                              near(field, fields));
      } else if (found->secret) {
        reader.problem("option_defaults", "names " + field + ", which is a secret");
      }
    }
    out.push_back({option, field});
  }
  return out;
}

BodyNeed read_needs(JsonReader& reader, Problems& problems) {
  const rapidjson::Value* needs = reader.object("needs");
  if (needs == nullptr) return BodyNeed::none;
  JsonReader need(*needs, reader.pointer_to("needs"), problems);
  const std::string body = need.text("request_body", true);
  if (body != "none" && body != "sha256" && body != "full")
    need.problem("request_body", "must be one of none, sha256, full");
  need.refuse_others();
  return body == "full" ? BodyNeed::full : body == "sha256" ? BodyNeed::sha256 : BodyNeed::none;
}

std::vector<std::string> read_owned_headers(JsonReader& reader, Problems& problems) {
  const rapidjson::Value* headers = reader.object("headers");
  if (headers == nullptr) return {};
  JsonReader policy(*headers, reader.pointer_to("headers"), problems);
  std::vector<std::string> owned = policy.texts("owned");
  for (const std::string& name : owned) {
    if (!is_token(name) || name != lower(name))
      policy.problem("owned", name + " is not a lower-case header name");
  }
  policy.refuse_others();
  return owned;
}

void read_retry_after(JsonReader& reader, Api& api, Problems& problems) {
  const rapidjson::Value* found = reader.object("retry_after");
  if (found == nullptr) return;
  JsonReader retry(*found, reader.pointer_to("retry_after"), problems);
  api.retry_after_header = lower(retry.text("header", true));
  if (!is_token(api.retry_after_header)) retry.problem("header", "is not a header name");
  const std::string as = retry.text("as");
  if (retry.has("as") && as != "seconds" && as != "unix_seconds")
    retry.problem("as", "must be seconds or unix_seconds");
  if (as == "seconds") api.retry_after_form = WaitForm::seconds;
  if (as == "unix_seconds") api.retry_after_form = WaitForm::unix_seconds;
  retry.refuse_others();
}

std::vector<std::string> read_methods(JsonReader& reader) {
  constexpr std::array all = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  std::vector<std::string> methods = reader.texts("methods");
  if (reader.has("methods") && methods.empty())
    reader.problem("methods", "must hold at least one method; left out, it means all");
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (std::ranges::find(all, methods[i]) == all.end())
      reader.problem("methods", methods[i] + " is none of GET, POST, PUT, PATCH and DELETE");
    if (std::find(methods.begin(), methods.begin() + static_cast<std::ptrdiff_t>(i), methods[i]) !=
        methods.begin() + static_cast<std::ptrdiff_t>(i))
      reader.problem("methods", "holds " + methods[i] + " twice");
  }
  if (methods.empty()) methods.assign(all.begin(), all.end());
  return methods;
}

Api read_api(const rapidjson::Value& value, std::string name, const std::string& tool,
             const std::optional<Fields>& connection, std::string pointer, Problems& problems) {
  JsonReader reader(value, std::move(pointer), problems);
  Api api;
  api.tool = tool;
  api.name = std::move(name);
  if (!is_name(api.name, ".:_-"))
    reader.problem("", "an API's name is made of letters, digits and . : _ -");
  if (!reader.is_object()) return api;
  api.title = reader.text("title", true);
  api.docs = reader.text("docs");
  const std::string base_url_text = reader.text("base_url", true);
  auto base_url = UrlTemplate::parse(base_url_text);
  if (base_url) {
    api.base_url = *std::move(base_url);
  } else {
    reader.problem("base_url", base_url.error());
  }
  api.endpoint = reader.boolean("endpoint", false);
  api.soap = reader.boolean("soap", false);
  api.methods = read_methods(reader);
  api.connection_required = reader.texts("connection_required");
  api.connection_required_when = read_required_when(reader, problems);
  const std::optional<schema::Schema> options = read_schema(reader, "api_options", problems);
  const Schemas schemas{options ? &*options : nullptr, connection,
                        fields_of(options, reader.any("api_options"))};
  if (options) api.options = *options;
  api.option_defaults = read_option_defaults(reader, schemas);
  api.body_need = read_needs(reader, problems);
  api.owned_headers = read_owned_headers(reader, problems);
  const std::int64_t timeout = reader.integer("timeout_ms", 0, 1, 3'600'000);
  if (timeout > 0) api.timeout = std::chrono::milliseconds(timeout);
  api.session = read_session(reader, problems);
  api.inspect = read_inspect(reader, problems);
  if (const rapidjson::Value* rules = reader.array("classify")) {
    for (rapidjson::SizeType i = 0; i < rules->Size(); ++i) {
      api.classify.push_back(read_rule(
          (*rules)[i], reader.pointer_to("classify") + "/" + std::to_string(i), problems));
    }
  }
  read_retry_after(reader, api, problems);
  if (const rapidjson::Value* examples = reader.array("examples")) {
    for (rapidjson::SizeType i = 0; i < examples->Size(); ++i) {
      api.examples.push_back(read_example((*examples)[i],
                                          reader.pointer_to("examples") + "/" + std::to_string(i),
                                          api, schemas, problems));
    }
  }
  api.verify = read_verify(reader, api, schemas, problems);
  if (reader.is_sound("connection_required")) check_placeholders(api, schemas, reader);
  check_connection_names(api, schemas, reader);
  reader.refuse_others();
  return api;
}

/// The JSON reader gives the offset in bytes: "The document is empty. (offset 12)".
ManifestProblem syntax_problem(std::string_view json, std::string why) {
  constexpr std::string_view word = "offset ";
  ManifestProblem out;
  const std::size_t at = why.rfind(word);
  std::size_t offset = 0;
  if (at != why.npos) {
    std::from_chars(why.data() + at + word.size(), why.data() + why.size(), offset);
    const std::size_t bracket = why.rfind(" (", at);
    if (bracket != why.npos) why.resize(bracket);
  }
  out.message = "it is not JSON: " + why;
  const Position place = position_at(json, offset);
  out.line = place.line;
  out.column = place.column;
  return out;
}

std::vector<ManifestProblem> placed(Problems problems, std::string_view json) {
  std::vector<ManifestProblem> out;
  for (Problem& problem : problems) {
    const Position place = position_of(json, problem.pointer);
    out.push_back({std::move(problem), place.line, place.column});
  }
  return out;
}

}  // namespace

std::string ManifestProblem::text() const {
  std::string out = pointer.empty() ? "" : " at " + pointer;
  if (line > 0)
    out += " (manifest.json:" + std::to_string(line) + ":" + std::to_string(column) + ")";
  return out + ": " + message;
}

Result<Manifest, std::vector<ManifestProblem>> parse_manifest(std::string_view json) {
  const auto document = parse_json(json);
  if (!document) return failure(std::vector{syntax_problem(json, document.error())});

  Problems problems;
  JsonReader reader(**document, "", problems);
  if (!reader.is_object()) return failure(placed(std::move(problems), json));
  Manifest manifest;
  manifest.id = reader.text("id", true);
  if (!is_name(manifest.id, "_") || manifest.id != lower(manifest.id) ||
      (manifest.id.front() >= '0' && manifest.id.front() <= '9') || manifest.id.front() == '_') {
    reader.problem("id", "must be lower-case letters, digits and _, and begin with a letter");
  }
  manifest.name = reader.text("name", true);
  manifest.version = reader.text("version", true);
  (void)reader.text("license");  // informative only
  manifest.tool = reader.text("tool", true);
  if (!is_name(manifest.tool, ".:_-"))
    reader.problem("tool", "is made of letters, digits and . : _ -");
  if (const rapidjson::Value* abi = reader.object("abi")) {
    JsonReader abi_reader(*abi, "/abi", problems);
    if (abi_reader.has("min_minor"))
      manifest.min_minor = static_cast<int>(abi_reader.integer("min_minor", 0, 0, 65535));
    abi_reader.refuse_others();
  }
  const std::vector<std::string> origins = reader.texts("egress");
  if (!reader.has("egress")) {
    reader.problem("", "\"egress\" must name at least one origin");
  } else if (auto egress = Egress::parse(origins); egress) {
    manifest.egress = *std::move(egress);
    if (origins.empty()) reader.problem("egress", "must name at least one origin");
  } else {
    reader.problem("egress", egress.error());
  }
  const std::optional<schema::Schema> connection = read_schema(reader, "connection", problems);
  if (connection) manifest.connection = *connection;
  const std::optional<Fields> connection_fields = fields_of(connection, reader.any("connection"));
  if (const rapidjson::Value* apis = reader.object("apis", true)) {
    reader.refuse_repeats(*apis, "apis");
    for (const auto& entry : apis->GetObject()) {
      std::string name(entry.name.GetString(), entry.name.GetStringLength());
      std::string pointer = pointer_to("/apis", name);
      manifest.apis.push_back(read_api(entry.value, std::move(name), manifest.tool,
                                       connection_fields, std::move(pointer), problems));
    }
    if (manifest.apis.empty()) reader.problem("apis", "must hold at least one API");
  }
  reader.refuse_others();
  if (!problems.empty()) return failure(placed(std::move(problems), json));
  return manifest;
}

std::string rotating_field(const Manifest& manifest,
                           const std::function<std::string(const std::string&)>& value) {
  const auto names = [](const std::vector<std::string>& fields, const std::string& field) {
    return std::ranges::find(fields, field) != fields.end();
  };
  for (const Api& api : manifest.apis) {
    if (!api.session || api.session->rotates.empty()) continue;
    const std::string& field = api.session->rotates;
    bool conditional = false, met = names(api.connection_required, field);
    for (const FieldsWhen& when : api.connection_required_when) {
      if (!names(when.fields, field)) continue;
      conditional = true;
      met = met || value(when.field) == when.equals;
    }
    if ((met || !conditional) && !value(field).empty()) return field;
  }
  return {};
}

std::string tool_of(std::string_view manifest) {
  const auto document = parse_json(manifest);
  if (!document || !(*document)->IsObject()) return {};
  const auto tool = (*document)->FindMember("tool");
  return tool != (*document)->MemberEnd() && tool->value.IsString() ? tool->value.GetString() : "";
}

}  // namespace penstock::catalog
