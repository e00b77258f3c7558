#include "call/prepared_call.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include <openssl/evp.h>
#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "policy/forwarded_headers.hpp"
#include "policy/header_rules.hpp"
#include "policy/multipart.hpp"
#include "policy/request_path.hpp"
#include "schema/json_value.hpp"
#include "soap/fragment.hpp"

namespace penstock::call {
namespace {

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Suggests the integration that was probably meant, preferring one of the same tool.
std::string suggest_integration(const runtime::Registry& registry, const Call& call) {
  std::vector<std::string> of_tool, all;
  for (const auto& [id, integration] : registry.integrations) {
    all.push_back(id);
    if (integration->config().tool == call.tool) of_tool.push_back(id);
  }
  std::ranges::sort(of_tool);
  std::ranges::sort(all);
  const std::string near = nearest(call.integration_id, of_tool);
  return did_you_mean(near.empty() ? nearest(call.integration_id, all) : near);
}

Result<PreparedCall> route(const runtime::Registry& registry, const Call& call) {
  PreparedCall prepared;
  const loader::PluginSet::Entry* entry = registry.plugins->find(call.tool, call.api);
  if (entry == nullptr) {
    const std::string id = call.tool + "/" + call.api;
    Error error = input_invalid(
        "unknown API \"" + id + "\"" + did_you_mean(id, registry.plugins->api_ids()) +
        (registry.plugins->plugins().empty()
             ? "; no plugin is loaded (penstock plugins says where they are looked for)"
             : std::string(" (GET /v1/apis lists what can be called)")));
    error.phase = Phase::route;
    return failure(std::move(error));
  }
  prepared.plugin = entry->plugin;
  prepared.api = entry->api;
  if (call.integration_id.empty()) {
    return failure(integration_not_found(
        "the header X-Integration-Id is missing: it names the integration to call through"));
  }
  const auto integration = registry.integrations.find(call.integration_id);
  if (integration == registry.integrations.end()) {
    return failure(integration_not_found("there is no integration \"" + call.integration_id + "\"" +
                                         suggest_integration(registry, call)));
  }
  prepared.integration = integration->second;
  const IntegrationConfig& config = prepared.integration->config();
  if (config.tool != call.tool) {
    return failure(integration_not_found("integration " + config.id + " is of tool " + config.tool +
                                         ", not of " + call.tool));
  }
  if (!config.enabled)
    return failure(integration_not_found("integration " + config.id + " is disabled"));
  const std::vector<std::string> missing =
      prepared.integration->missing(*prepared.api, prepared.plugin->manifest().id);
  if (!missing.empty()) {
    return failure(integration_not_found("integration " + config.id + " is not set up for " +
                                         prepared.api->id() + ": its connection lacks " +
                                         list(missing)));
  }
  return prepared;
}

bool allows_method(const catalog::Api& api, std::string_view method) {
  return std::ranges::find(api.methods, method) != api.methods.end();
}

void check_method(const Call& call, const catalog::Api& api, std::vector<Problem>& problems) {
  if (allows_method(api, call.method)) return;
  const std::string near = call.method.size() <= 16 ? nearest(call.method, api.methods) : "";
  problems.push_back({"/method",
                      api.id() + " takes " + list(api.methods) + ", not \"" + call.method + "\"" +
                          did_you_mean(near),
                      "enum", "string", near});
}

void check_params(const Call& call, std::vector<Problem>& problems) {
  constexpr std::size_t most = 1000;
  if (call.params.size() > most) problems.push_back({"/params", "holds more than 1000 parameters"});
}

/// The caller's api_options, with the connection's defaults added where an option is missing.
std::string with_connection_defaults(const PreparedCall& prepared, const std::string& given,
                                     const session::Snapshot& now) {
  const std::string text = given.empty() ? "{}" : given;
  if (prepared.api->option_defaults.empty()) return text;
  auto asked = schema::parse_value(text);
  if (!asked || asked->kind != schema::JsonValue::Kind::object)
    return text;  // validation reports the problem
  for (const catalog::OptionDefault& fallback : prepared.api->option_defaults) {
    const host::NamedValue* field = now.connection.find(fallback.connection_field);
    if (field == nullptr || field->value.empty() || asked->find(fallback.option) != nullptr)
      continue;
    asked->members.emplace_back(fallback.option, schema::JsonValue::string(field->value.reveal()));
  }
  std::string out;
  asked->write(out);
  return out;
}

void erase_header(std::vector<Field>& headers, std::string_view name) {
  std::erase_if(headers, [&](const Field& field) { return equal_ignoring_case(field.name, name); });
}

std::string_view content_type(const std::vector<Field>& headers) {
  const auto found = std::ranges::find_if(
      headers, [](const Field& field) { return equal_ignoring_case(field.name, "content-type"); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

void read_body(const Call& call, std::string_view boundary, PreparedCall& prepared,
               std::vector<Problem>& problems) {
  if (prepared.api->soap) {
    if (call.body_is_json || !call.form.empty())
      problems.push_back({"/data", "must be a string of XML for " + prepared.api->id()});
    prepared.body = call.body.value_or("");
    std::string trouble = soap::check_xml_fragment(*prepared.body);
    if (!trouble.empty()) problems.push_back({"/data", std::move(trouble)});
    return;
  }
  if (!call.form.empty()) {
    policy::check_form(call.form, problems);
    const bool complete =
        std::ranges::all_of(call.form, [](const FormPart& part) { return part.data_url.empty(); });
    if (complete) add_form(prepared, call.form, boundary);
    prepared.fetches_parts = !complete;
    return;
  }
  prepared.body = call.body;
  if (call.body_is_json && content_type(prepared.headers).empty())
    prepared.headers.push_back({"Content-Type", "application/json"});
}

/// Accepts SOAP 1.1 and 1.2 media types in UTF-8: the vendor must read the envelope as it was read
/// here. Empty: valid; else the problem.
std::string check_soap_content_type(std::string_view value) {
  const std::string type = lower(value);
  const std::string_view media = std::string_view(type).substr(0, type.find_first_of("; \t"));
  if (media != "text/xml" && media != "application/soap+xml")
    return "must be text/xml or application/soap+xml for a SOAP envelope";
  const auto parameters = media_type_parameters(type);
  if (!parameters) return "has parameters that are not name=value or name=\"value\"";
  std::set<std::string_view> names;
  for (const Field& parameter : *parameters) {
    if (!names.insert(parameter.name).second)
      return "gives the parameter " + parameter.name + " more than once";
    if (parameter.name == "charset" && parameter.value != "utf-8" && parameter.value != "utf8")
      return "names another charset than utf-8; the engine reads UTF-8 only";
  }
  return {};
}

/// Whether a SOAP header block carries credentials, decided by its name alone: WS-Security's
/// Security, and AuthHeader, Credentials, LoginInfo, … of services with a scheme of their own.
bool is_credential_block(std::string_view local_name) {
  constexpr std::array parts = {"security", "auth",          "credential", "login",  "logon",
                                "password", "usernametoken", "apikey",     "api_key"};
  const std::string name = lower(local_name);
  return std::ranges::any_of(
      parts, [&](const char* part) { return name.find(part) != std::string::npos; });
}

std::string sha256(std::string_view bytes) {
  std::string out(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
             EVP_sha256(), nullptr);
  return out;
}

/// Placeholder until there is a session. RFC 6761 section 6.4: .invalid names never resolve.
constexpr const char* placeholder_base_url = "https://base-url-comes-with-the-session.invalid";

Result<Url> base_url(const PreparedCall& prepared, const session::Snapshot& now) {
  if (prepared.api->base_url.of_session() && !now.session) return *parse_url(placeholder_base_url);
  const auto lookup = [&](catalog::UrlTemplate::Source source,
                          std::string_view name) -> std::optional<std::string_view> {
    if (source == catalog::UrlTemplate::Source::connection) {
      const host::NamedValue* field = now.connection.find(name);
      return field == nullptr ? std::nullopt : std::optional(field->value.reveal());
    }
    if (source == catalog::UrlTemplate::Source::session) {
      const auto item = std::ranges::find(now.session->items, name, &host::NamedValue::name);
      if (item == now.session->items.end()) return std::nullopt;
      return item->value.reveal();
    }
    const auto option = std::ranges::find(prepared.options, name, &Field::name);
    return option == prepared.options.end() ? std::nullopt
                                            : std::optional<std::string_view>(option->value);
  };
  auto url = prepared.api->base_url.expand(lookup);
  if (!url) return failure(engine_failed(url.error(), Phase::validate, Sent::no));
  if (!prepared.plugin->manifest().egress.permits(*url)) {
    return failure(engine_failed("the base URL leads to " + url->origin() + ", which " +
                                     prepared.plugin->label() + " does not declare",
                                 Phase::validate, Sent::no));
  }
  return *std::move(url);
}

Result<PreparedCall>
prepare(const runtime::Registry& registry, const Call& call,
        const std::function<void(PreparedCall&, std::vector<Problem>&)>& read) {
  auto routed = route(registry, call);
  if (!routed) return routed;
  PreparedCall prepared = *std::move(routed);
  const catalog::Api& api = *prepared.api;
  const session::SnapshotPtr now =
      prepared.integration->state(prepared.plugin->manifest().id)->current();

  std::vector<Problem> problems;
  auto path = policy::check_path(call.path);
  if (!path) {
    problems.push_back({"/path", path.error()});
  } else if (api.endpoint && path->path != "/" && !path->path.empty()) {
    problems.push_back({"/path", "must be \"/\": " + api.id() + " has one address"});
  }
  read(prepared, problems);
  check_params(call, problems);
  schema::Validation options = api.options.validate(
      with_connection_defaults(prepared, call.api_options, *now), "/api_options");
  problems.insert(problems.end(), std::make_move_iterator(options.problems.begin()),
                  std::make_move_iterator(options.problems.end()));
  if (!problems.empty()) return failure(input_invalid(std::move(problems)));

  prepared.options = std::move(options.values);
  prepared.options_json = std::move(options.canonical);
  prepared.path = call.path;
  if (api.endpoint) path->path.clear();
  prepared.path_parts = *std::move(path);
  auto found = resolve_url(prepared, call, *now);
  if (!found) return failure(std::move(found).error());
  return prepared;
}

void digest_body(PreparedCall& prepared) {
  if (prepared.api->body_need == catalog::BodyNeed::sha256)
    prepared.body_sha256 = sha256(prepared.body.value_or(""));
}

}  // namespace

Result<Ok> resolve_url(PreparedCall& prepared, const Call& call, const session::Snapshot& now) {
  auto base = base_url(prepared, now);
  if (!base) return failure(std::move(base).error());
  if (base->has_query) {
    auto problem = policy::find_repeated_parameter(policy::query_names(base->query),
                                                   "the base URL of " + prepared.api->id(),
                                                   prepared.path_parts, call.params);
    if (problem) return failure(input_invalid(std::vector{*std::move(problem)}));
  }
  prepared.url = policy::join(*std::move(base), prepared.path_parts, call.params);
  return Ok{};
}

Result<PreparedCall> prepare_call(const runtime::Registry& registry, const Call& call,
                                  std::string_view boundary) {
  auto prepared = prepare(registry, call, [&](PreparedCall& made, std::vector<Problem>& problems) {
    check_method(call, *made.api, problems);
    policy::check_headers(call.headers, made.api->owned_headers, problems);
    made.headers = call.headers;
    read_body(call, boundary, made, problems);
  });
  if (prepared) digest_body(*prepared);
  return prepared;
}

Result<PreparedCall> prepare_streamed_call(const runtime::Registry& registry, const Call& call) {
  return prepare(registry, call, [&](PreparedCall& made, std::vector<Problem>& problems) {
    const bool asks = call.method == "HEAD" || call.method == "OPTIONS";
    if (!asks || !allows_method(*made.api, "GET")) check_method(call, *made.api, problems);
    made.headers = policy::forwarded_headers(call.headers);
    std::vector<std::string> owned = made.api->owned_headers;
    if (made.api->soap) {
      // SOAP toolkits always send SOAPAction and Content-Type; the plugin's describe the same
      // message.
      erase_header(made.headers, "soapaction");
      std::erase(owned, "content-type");
    }
    policy::check_headers(made.headers, owned, problems);
  });
}

bool needs_whole_body(const catalog::Api& api) {
  return api.soap || api.body_need != catalog::BodyNeed::none;
}

Result<Ok> add_body(PreparedCall& prepared, std::string body) {
  const auto refused = [](std::string why) {
    return failure(input_invalid("the body " + why, {{"", why}}));
  };
  prepared.body = std::move(body);
  if (prepared.api->soap && soap::is_soap_envelope(*prepared.body)) {
    auto envelope = soap::read_soap_envelope(*prepared.body);
    if (!envelope) return refused(std::move(envelope).error());
    for (const auto& [ns, local] : envelope->header_blocks) {
      if (is_credential_block(local))
        return refused("has a " + local +
                       " of its own in its Header; leave it out: the engine brings the "
                       "connection's credentials");
    }
    std::string trouble = check_soap_content_type(content_type(prepared.headers));
    if (!trouble.empty())
      return failure(
          input_invalid("Content-Type " + trouble, {{"/headers/Content-Type", trouble}}));
    prepared.envelope = *std::move(envelope);
  } else if (prepared.api->soap) {
    erase_header(prepared.headers, "content-type");
    std::string trouble = soap::check_xml_fragment(*prepared.body);
    if (!trouble.empty()) return refused(std::move(trouble));
  }
  digest_body(prepared);
  return Ok{};
}

void add_form(PreparedCall& prepared, const std::vector<FormPart>& form,
              std::string_view boundary) {
  policy::EncodedForm encoded = policy::encode_form(form, boundary);
  erase_header(prepared.headers, "content-type");
  prepared.headers.push_back({"Content-Type", std::move(encoded.content_type)});
  prepared.body = std::move(encoded.body);
}

}  // namespace penstock::call
