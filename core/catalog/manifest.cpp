#include "catalog/manifest.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/http.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
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

schema::Schema read_schema(JsonReader& reader, const char* name, Problems& problems) {
  const rapidjson::Value* found = reader.object(name);
  static const std::string none =
      R"({"type":"object","properties":{},"additionalProperties":false})";
  if (found == nullptr) return *schema::Schema::compile(none);
  auto compiled = schema::Schema::compile(*found);
  if (compiled) return *std::move(compiled);
  for (Problem& problem : compiled.error()) {
    problem.pointer.insert(0, reader.pointer_to(name));
    problems.push_back(std::move(problem));
  }
  return *schema::Schema::compile(none);
}

ClassifyRule read_rule(const rapidjson::Value& value, std::string pointer, Problems& problems) {
  constexpr std::array<std::pair<std::string_view, AnswerKind>, 4> kinds = {{
      {"session_expired", AnswerKind::session_expired},
      {"auth_rejected", AnswerKind::auth_rejected},
      {"rate_limited", AnswerKind::rate_limited},
      {"vendor_fault", AnswerKind::vendor_fault},
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
                         Problems& problems) {
  JsonReader reader(value, std::move(pointer), problems);
  ExampleCall example;
  example.title = reader.text("title", true);
  example.method = reader.text("method", true);
  example.path = reader.text("path", true);
  const rapidjson::Value* options = reader.object("api_options");
  example.api_options = options == nullptr ? "" : compact(*options);
  const rapidjson::Value* data = reader.any("data");
  example.data = data == nullptr ? "" : compact(*data);
  const rapidjson::Value* params = reader.object("params");
  if (params != nullptr) {
    for (const auto& entry : params->GetObject()) {
      if (entry.value.IsString()) {
        example.params.push_back({entry.name.GetString(), entry.value.GetString()});
      } else {
        reader.problem("params", "must hold strings only");
      }
    }
  }
  if (!example.method.empty() &&
      std::ranges::find(api.methods, example.method) == api.methods.end()) {
    reader.problem("method", "is not one of this API's methods");
  }
  const auto validation =
      api.options.validate(example.api_options.empty() ? "{}" : example.api_options, "");
  for (const Problem& problem : validation.problems)
    reader.problem("api_options", problem.pointer + " " + problem.message);
  reader.refuse_others();
  return example;
}

std::optional<VerifySpec> read_verify(JsonReader& api_reader, const Api& api, Problems& problems) {
  const rapidjson::Value* found = api_reader.object("verify");
  if (found == nullptr) return std::nullopt;
  VerifySpec verify;
  const std::string pointer = api_reader.pointer_to("verify");
  JsonReader reader(*found, pointer, problems);
  if (const rapidjson::Value* call = reader.object("call", true))
    verify.call = read_example(*call, pointer + "/call", api, problems);
  if (const rapidjson::Value* proofs = reader.array("accepts")) {
    for (rapidjson::SizeType i = 0; i < proofs->Size(); ++i) {
      JsonReader proof((*proofs)[i], pointer + "/accepts/" + std::to_string(i), problems);
      ProofOfCredentials one;
      int to = 0;
      read_status(proof, one.status, to);
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

/// What a URL is made of must be there: each placeholder names a field that is required or has a
/// default.
void check_placeholders(const Api& api, const schema::Schema& connection, JsonReader& reader) {
  if (api.base_url.of_session()) {
    if (!api.session) reader.problem("base_url", "is the session's, and there is no \"session\"");
    return;
  }
  for (const UrlTemplate::Placeholder& placeholder : api.base_url.placeholders()) {
    const bool from_connection = placeholder.source == UrlTemplate::Source::connection;
    const auto fields = from_connection ? connection.fields() : api.options.fields();
    const auto field = std::ranges::find(fields, placeholder.name, &schema::FieldInfo::name);
    if (field == fields.end()) {
      reader.problem("base_url", "names " + placeholder.name + ", which its schema does not have");
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

void check_connection_names(const Api& api, const schema::Schema& connection, JsonReader& reader) {
  const auto fields = connection.fields();
  const auto check = [&](const char* member, const std::string& name) {
    if (std::ranges::find(fields, name, &schema::FieldInfo::name) == fields.end()) {
      reader.problem(member, "names " + name + ", which the connection schema does not have");
    }
  };
  for (const std::string& name : api.connection_required)
    check("connection_required", name);
  for (const FieldsWhen& when : api.connection_required_when) {
    check("connection_required_when", when.field);
    for (const std::string& name : when.fields)
      check("connection_required_when", name);
  }
  for (const OptionDefault& fallback : api.option_defaults)
    check("option_defaults", fallback.connection_field);
  if (api.session && !api.session->rotates.empty()) {
    check("session", api.session->rotates);
    const auto field = std::ranges::find(fields, api.session->rotates, &schema::FieldInfo::name);
    if (field != fields.end() && !field->secret)
      reader.problem("session", "rotates " + api.session->rotates + ", which is no secret");
  }
}

Api read_api(const rapidjson::Value& value, std::string name, const Manifest& manifest,
             std::string pointer, Problems& problems) {
  constexpr std::array all_methods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  JsonReader reader(value, std::move(pointer), problems);
  Api api;
  api.tool = manifest.tool;
  api.name = std::move(name);
  if (!is_name(api.name, ".:_-"))
    reader.problem("", "an API's name is made of letters, digits and . : _ -");
  api.title = reader.text("title", true);
  api.docs = reader.text("docs");
  auto base_url = UrlTemplate::parse(reader.text("base_url", true));
  if (base_url) {
    api.base_url = *std::move(base_url);
  } else {
    reader.problem("base_url", base_url.error());
  }
  api.endpoint = reader.boolean("endpoint", false);
  api.soap = reader.boolean("soap", false);
  api.methods = reader.texts("methods");
  for (const std::string& method : api.methods) {
    if (std::ranges::find(all_methods, method) == all_methods.end())
      reader.problem("methods", method + " is not known");
  }
  if (api.methods.empty()) api.methods.assign(all_methods.begin(), all_methods.end());
  api.connection_required = reader.texts("connection_required");
  api.connection_required_when = read_required_when(reader, problems);
  api.options = read_schema(reader, "api_options", problems);
  if (const rapidjson::Value* defaults = reader.object("option_defaults")) {
    for (const auto& entry : defaults->GetObject()) {
      if (entry.value.IsString())
        api.option_defaults.push_back({entry.name.GetString(), entry.value.GetString()});
    }
  }
  if (const rapidjson::Value* needs = reader.object("needs")) {
    JsonReader need(*needs, reader.pointer_to("needs"), problems);
    const std::string body = need.text("request_body", true);
    if (body == "full") {
      api.body_need = BodyNeed::full;
    } else if (body == "sha256") {
      api.body_need = BodyNeed::sha256;
    } else if (body != "none") {
      need.problem("request_body", "must be one of none, sha256, full");
    }
    need.refuse_others();
  }
  if (const rapidjson::Value* headers = reader.object("headers")) {
    JsonReader policy(*headers, reader.pointer_to("headers"), problems);
    api.owned_headers = policy.texts("owned");
    for (const std::string& owned : api.owned_headers) {
      if (!is_token(owned) || owned != lower(owned))
        policy.problem("owned", owned + " is not a lower-case header name");
    }
    policy.refuse_others();
  }
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
  if (const rapidjson::Value* retry_after = reader.object("retry_after")) {
    JsonReader retry(*retry_after, reader.pointer_to("retry_after"), problems);
    api.retry_after_header = lower(retry.text("header", true));
    const std::string as = retry.text("as");
    api.retry_after_is_time = as == "unix_seconds";
    if (!as.empty() && as != "unix_seconds" && as != "seconds")
      retry.problem("as", "must be seconds or unix_seconds");
    retry.refuse_others();
  }
  if (const rapidjson::Value* examples = reader.array("examples")) {
    for (rapidjson::SizeType i = 0; i < examples->Size(); ++i) {
      api.examples.push_back(read_example(
          (*examples)[i], reader.pointer_to("examples") + "/" + std::to_string(i), api, problems));
    }
  }
  api.verify = read_verify(reader, api, problems);
  check_placeholders(api, manifest.connection, reader);
  check_connection_names(api, manifest.connection, reader);
  reader.refuse_others();
  return api;
}

}  // namespace

Result<Manifest, std::vector<Problem>> parse_manifest(std::string_view json) {
  Problems problems;
  const auto document = parse_json(json);
  if (!document) return failure(Problems{{"", "the manifest is not JSON: " + document.error()}});

  JsonReader reader(**document, "", problems);
  Manifest manifest;
  manifest.id = reader.text("id", true);
  if (!is_name(manifest.id, "_") || manifest.id != lower(manifest.id)) {
    reader.problem("id", "must be lower-case letters, digits and _");
  }
  manifest.name = reader.text("name", true);
  manifest.version = reader.text("version", true);
  manifest.license = reader.text("license");
  manifest.tool = reader.text("tool", true);
  if (!is_name(manifest.tool, ".:_-"))
    reader.problem("tool", "is made of letters, digits and . : _ -");
  if (const rapidjson::Value* abi = reader.object("abi")) {
    JsonReader abi_reader(*abi, "/abi", problems);
    manifest.min_minor = static_cast<int>(abi_reader.integer("min_minor", 0, 0, 65535));
    abi_reader.refuse_others();
  }
  const std::vector<std::string> origins = reader.texts("egress");
  if (origins.empty()) reader.problem("", "\"egress\" must name at least one origin");
  auto egress = Egress::parse(origins);
  if (egress) {
    manifest.egress = *std::move(egress);
  } else {
    reader.problem("egress", egress.error());
  }
  manifest.connection = read_schema(reader, "connection", problems);
  if (const rapidjson::Value* apis = reader.object("apis", true)) {
    for (const auto& entry : apis->GetObject()) {
      std::string name(entry.name.GetString(), entry.name.GetStringLength());
      std::string pointer = "/apis/" + name;
      manifest.apis.push_back(
          read_api(entry.value, std::move(name), manifest, std::move(pointer), problems));
    }
    if (manifest.apis.empty()) reader.problem("apis", "must hold at least one API");
  }
  reader.refuse_others();
  if (!problems.empty()) return failure(std::move(problems));
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
