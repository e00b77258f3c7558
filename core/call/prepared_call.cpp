#include "call/prepared_call.hpp"

#include <algorithm>
#include <iterator>

#include <penstock/json.hpp>
#include <penstock/text.hpp>

#include "call/request_body.hpp"
#include "policy/forwarded_headers.hpp"
#include "policy/header_rules.hpp"

namespace penstock::call {
namespace {

bool allows_method(const catalog::Api& api, std::string_view method) {
  return std::ranges::find(api.methods, method) != api.methods.end();
}

void check_method(const Call& call, const catalog::Api& api, std::vector<Problem>& problems) {
  if (allows_method(api, call.method)) return;
  const std::string near = call.method.size() <= 16 ? nearest(call.method, api.methods) : "";
  problems.push_back({"/method",
                      api.id() + " takes " + joined(api.methods) + ", not \"" + call.method + "\"" +
                          did_you_mean(near),
                      "enum", "string", near});
}

void check_params(const Call& call, std::vector<Problem>& problems) {
  constexpr std::size_t most = 1000;
  if (call.params.size() > most) problems.push_back({"/params", "has more than 1000 parameters"});
}

/// Validates the caller's api_options, with the connection's defaults added where an option is
/// missing.
schema::Validation validate_options(const catalog::Api& api, const std::string& given,
                                    const session::Snapshot& now) {
  constexpr std::string_view pointer = "/api_options";
  const std::string_view text = given.empty() ? std::string_view("{}") : given;
  if (api.option_defaults.empty()) return api.options.validate(text, pointer);
  auto options = parse_json(text);
  if (!options) return api.options.validate(text, pointer);  // reports the problem
  for (const catalog::OptionDefault& fallback : api.option_defaults) {
    const host::NamedValue* field = now.connection.find(fallback.connection_field);
    const bool is_missing = options->is_object() && options->find(fallback.option) == nullptr;
    if (is_missing && field != nullptr && !field->value.empty())
      options->add(fallback.option, JsonValue::string(field->value.reveal()));
  }
  return api.options.validate(*std::move(options), pointer);
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
    return failure(engine_failed("the base URL goes to " + url->origin() + ", which " +
                                     prepared.plugin->label() + " does not declare",
                                 Phase::validate, Sent::no));
  }
  return *std::move(url);
}

/// Validates all but the body and completes `prepared`. `problems` are those found before.
Result<PreparedCall> validate(PreparedCall prepared, const Call& call,
                              std::vector<Problem> problems) {
  const catalog::Api& api = *prepared.api;
  const session::SnapshotPtr now = prepared.slot->current();
  auto path = policy::check_path(call.path);
  if (!path) {
    problems.insert(problems.begin(), {"/path", path.error()});
  } else if (api.endpoint && path->path != "/" && !path->path.empty()) {
    problems.insert(problems.begin(),
                    {"/path", "must be \"/\": " + api.id() + " has a single URL"});
  }
  check_params(call, problems);
  schema::Validation options = validate_options(api, call.api_options, *now);
  problems.insert(problems.end(), std::make_move_iterator(options.problems.begin()),
                  std::make_move_iterator(options.problems.end()));
  if (!problems.empty()) return failure(input_invalid(std::move(problems)));

  prepared.options = std::move(options.values);
  prepared.options_json = std::move(options.canonical);
  prepared.path = call.path;
  if (api.endpoint) path->path.clear();
  prepared.path_parts = *std::move(path);
  prepared.slot = prepared.integration->sessions(prepared.plugin->manifest().id)
                      ->at(loader::session_key(api, prepared.options));
  if (!prepared.slot) {
    return failure(input_invalid(std::vector{
        Problem{"/api_options", "has too long a value in an option that chooses the session"}}));
  }
  auto url = call_url(prepared, call, *prepared.slot->current());
  if (!url) return failure(std::move(url).error());
  prepared.url = *std::move(url);
  return prepared;
}

}  // namespace

Result<Url> call_url(const PreparedCall& prepared, const Call& call, const session::Snapshot& now) {
  auto base = base_url(prepared, now);
  if (!base) return base;
  if (base->has_query) {
    auto problem = policy::find_repeated_parameter(policy::query_names(base->query),
                                                   "the base URL of " + prepared.api->id(),
                                                   prepared.path_parts, call.params);
    if (problem) return failure(input_invalid(std::vector{*std::move(problem)}));
  }
  return policy::join(*std::move(base), prepared.path_parts, call.params);
}

Result<PreparedCall> prepare_call(const runtime::Registry& registry, const Call& call,
                                  std::string_view boundary) {
  auto routed = route(registry, call);
  if (!routed) return failure(std::move(routed).error());
  PreparedCall prepared{*std::move(routed)};
  std::vector<Problem> problems;
  check_method(call, *prepared.api, problems);
  policy::check_headers(call.headers, prepared.api->owned_headers, problems);
  prepared.headers = call.headers;
  read_body(call, boundary, prepared, problems);
  return validate(std::move(prepared), call, std::move(problems));
}

Result<PreparedCall> prepare_streamed_call(const runtime::Registry& registry, const Call& call,
                                           bool has_body, std::optional<std::uint64_t> length) {
  auto routed = route(registry, call);
  if (!routed) return failure(std::move(routed).error());
  PreparedCall prepared{*std::move(routed)};
  const catalog::Api& api = *prepared.api;
  std::vector<Problem> problems;
  // A vendor that answers GET answers these, too.
  const bool reads = call.method == "HEAD" || call.method == "OPTIONS";
  if (!reads || !allows_method(api, "GET")) check_method(call, api, problems);
  prepared.headers = policy::forwarded_headers(call.headers);
  std::vector<std::string> owned = api.owned_headers;
  if (api.soap) {
    // SOAP toolkits always send SOAPAction and Content-Type; the plugin's describe the same
    // message.
    prepared.headers.erase("soapaction");
    std::erase(owned, "content-type");
  }
  policy::check_headers(prepared.headers, owned, problems);
  prepared.streamed_length = length;
  if (api.soap || api.body_need != catalog::BodyNeed::none) {
    prepared.body_state = PreparedCall::Body::pending;
  } else if (has_body) {
    prepared.body_state = PreparedCall::Body::streamed;
  }
  return validate(std::move(prepared), call, std::move(problems));
}

}  // namespace penstock::call
