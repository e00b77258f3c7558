#include "call/signing.hpp"

#include <algorithm>

#include <penstock/text.hpp>

#include "base/user_agent.hpp"

namespace penstock::call {
namespace {

/// Parameter names in the form that find_repeated_parameter() compares.
std::vector<std::string> names_of(const std::vector<Field>& parameters) {
  std::string query;
  for (const Field& parameter : parameters)
    query += percent_encode(parameter.name) + "&";
  return policy::query_names(query);
}

bool is_owned(const catalog::Api& api, std::string_view name) {
  return std::ranges::find(api.owned_headers, lower(name)) != api.owned_headers.end();
}

/// Whether a value contains a secret of the connection or the session, in any encoding, or a
/// signature made with one. Checked only if the caller sets a header of the same name.
bool carries_credential(const std::string& value, const session::Snapshot& snapshot,
                        const std::vector<std::string>& signatures) {
  Redactor redactor = redactor_for(snapshot);
  for (const std::string& signature : signatures)
    redactor.add(signature);
  if (redactor.redact(value) != value) return true;
  // The redactor replaces very short secrets only where they stand alone; here any occurrence
  // counts.
  const auto holds = [&](const host::NamedValue& item) {
    return item.secret && !item.value.empty() &&
           value.find(item.value.reveal()) != std::string::npos;
  };
  return std::ranges::any_of(snapshot.connection.fields, holds) ||
         (snapshot.session && std::ranges::any_of(snapshot.session->items, holds));
}

/// Checks the caller's fragment as the vendor will read it: inside the envelope that the plugin
/// writes around it, which binds prefixes and may hold an element of its own. Empty: valid.
std::string check_fragment_in_envelope(std::string_view xml) {
  const auto read = soap::read_soap_envelope(xml);
  if (!read) {
    const std::string& why = read.error();
    return why.substr(0, why.rfind(" (line")) +
           " inside its envelope; declare each prefix where it is used";
  }
  if (read->body_elements > 1 || read->body_text)
    return "must be one element: a SOAP Body contains nothing else";
  return {};
}

/// The error that the caller gets when the plugin's prepare() fails with `why`.
Error prepare_error(const host::PluginFailure& why, const loader::Plugin& plugin) {
  switch (why.kind) {
  case PST_E_BAD_OPTION:
    return input_invalid("api_options: " + why.message, {{"/api_options", why.message}});
  case PST_E_BAD_REQUEST:
    return input_invalid(why.message, {{"/data", why.message}});
  case PST_E_UNSUPPORTED:
    return input_invalid(why.message);
  case PST_E_BAD_CONNECTION: {
    Error error = credentials_refused("the connection cannot be used: " + why.message);
    error.origin = Origin::engine;
    error.phase = Phase::authorize;
    return error;
  }
  default:
    return plugin_failed(plugin.label() + " could not sign the call: " + why.message,
                         Phase::authorize);
  }
}

}  // namespace

host::CallInput call_input(const PreparedCall& prepared, const Call& call, std::string_view url) {
  host::CallInput input;
  const std::size_t query = url.find('?');
  input.url = url.substr(0, query);
  if (query != std::string_view::npos) input.query_string = url.substr(query + 1);
  input.api = prepared.api->name;
  input.method = call.method;
  input.path = prepared.path;
  input.options_json = prepared.options_json;
  input.options = &prepared.options;
  input.query = &call.params;
  input.headers = &prepared.headers;
  if (prepared.body_state == PreparedCall::Body::streamed)
    input.body_length = prepared.streamed_length.value_or(UINT64_MAX);
  else
    input.body_length = prepared.body ? prepared.body->size() : 0;
  if (prepared.api->body_need == catalog::BodyNeed::full && prepared.body)
    input.body = *prepared.body;
  if (prepared.envelope) {
    input.enveloped = true;
    input.body_scope = &prepared.envelope->scope;
    if (!input.body.empty()) input.body = prepared.envelope->body(input.body);
  }
  input.body_sha256 = prepared.body_sha256;
  return input;
}

Result<SignedRequest> build_request(const PreparedCall& prepared, const Call& call, Url url,
                                    host::Outcome outcome, const session::Snapshot& snapshot) {
  SignedRequest request{outcome.method.empty() ? call.method : outcome.method, std::move(url),
                        prepared.headers, std::nullopt};
  request.url_may_hold_secrets = !outcome.query.empty() || !outcome.url.empty();
  if (prepared.envelope) {
    auto body = host::build_enveloped_body(outcome, *prepared.body, *prepared.envelope);
    if (!body) return failure(input_invalid("the envelope " + body.error(), {{"", body.error()}}));
    request.body = *std::move(body);
    // The message is the caller's, and so is its Content-Type.
    outcome.headers.erase("content-type");
  } else {
    request.body = host::build_body(outcome, prepared.body);
    if (prepared.body_state == PreparedCall::Body::streamed && request.body) {
      return failure(plugin_failed(
          prepared.plugin->label() +
              " writes a body, but its manifest does not declare that it needs the caller's",
          Phase::authorize));
    }
    if (prepared.api->soap && outcome.soap) {
      const std::string trouble = check_fragment_in_envelope(*request.body);
      if (!trouble.empty()) return failure(input_invalid("data " + trouble, {{"/data", trouble}}));
    }
  }
  if (!outcome.url.empty()) {
    auto other = parse_url(outcome.url);
    if (!other)
      return failure(plugin_failed("its URL is refused: " + other.error(), Phase::authorize));
    request.url = *std::move(other);
  }
  if (auto problem = policy::find_repeated_parameter(names_of(outcome.query),
                                                     "the plugin of " + prepared.api->id(),
                                                     prepared.path_parts, call.params))
    return failure(input_invalid(std::vector{*std::move(problem)}));
  for (const Field& parameter : outcome.query) {
    request.url.add_parameter(parameter.name, parameter.value);
  }
  for (Field& field : outcome.headers) {
    if (is_owned(*prepared.api, field.name)) {
      request.headers.set(std::move(field.name), std::move(field.value));
    } else if (!request.headers.has(field.name)) {
      request.headers.add(std::move(field.name), std::move(field.value));
    } else if (carries_credential(field.value, snapshot, outcome.signatures)) {
      // Treated as owned: otherwise the caller's value would be sent instead of the credential.
      constexpr std::string_view why =
          "is set by the plugin of this API: it carries the credential";
      return failure(input_invalid("headers." + field.name + " " + std::string(why),
                                   {{pointer_to("/headers", field.name), std::string(why)}}));
    }
    // Otherwise a header that the plugin does not own is a default, and the caller's value wins.
  }
  request.headers.set_default("Accept", "*/*");
  request.headers.set_default("User-Agent", user_agent);
  return request;
}

const host::SessionState* session_in_use(const PreparedCall& prepared, const session::Snapshot& now,
                                         std::int64_t now_ms) {
  const auto& session = prepared.api->session;
  return session ? now.session_for(session->format, now_ms) : nullptr;
}

Signing sign(const PreparedCall& prepared, const Call& call, const session::Snapshot& now,
             const host::Env& env) {
  // The base URL of a session changes with the session.
  Result<Url> url = prepared.api->base_url.of_session() ? call_url(prepared, call, now)
                                                        : Result<Url>(prepared.url);
  if (!url) return {std::move(url).error()};
  const std::string text = url->text(), base_host = url->host;
  host::Outcome outcome = prepared.plugin->instance().prepare(
      env, now.connection, session_in_use(prepared, now, env.now_unix_ms),
      call_input(prepared, call, text));
  Signing out;
  out.notes = std::move(outcome.notes);
  out.logs = std::move(outcome.logs);
  if (outcome.verdict == host::Verdict::need_session) {
    out.result = NeedsSession{};
    return out;
  }
  if (outcome.verdict != host::Verdict::ok) {
    out.result = prepare_error(outcome.failure, *prepared.plugin);
    return out;
  }
  auto request = build_request(prepared, call, *std::move(url), std::move(outcome), now);
  if (!request) {
    out.result = std::move(request).error();
  } else if (auto permitted = check_egress(prepared, request->url); !permitted) {
    out.result = std::move(permitted).error();
  } else {
    request->call_url = text;
    request->base_host = base_host;
    out.result = *std::move(request);
  }
  return out;
}

Result<Ok> check_egress(const PreparedCall& prepared, const Url& url) {
  if (prepared.plugin->manifest().egress.permits(url)) return Ok{};
  return failure(engine_failed("the request would go to " + url.origin() + ", which " +
                                   prepared.plugin->label() + " does not declare",
                               Phase::authorize, Sent::no));
}

std::chrono::milliseconds time_limit(const PreparedCall& prepared, const Call& call,
                                     const UpstreamConfig& common) {
  if (call.timeout) return *call.timeout;
  if (const auto own = prepared.integration->config().upstream.timeout) return *own;
  if (prepared.api->timeout) return *prepared.api->timeout;
  return common.timeout.value_or(std::chrono::seconds(60));
}

Redactor redactor_for(const session::Snapshot& snapshot) {
  Redactor redactor;
  const auto add = [&](const std::vector<host::NamedValue>& items) {
    for (const host::NamedValue& item : items) {
      if (item.secret) redactor.add(item.value.reveal());
    }
  };
  add(snapshot.connection.fields);
  if (snapshot.session) add(snapshot.session->items);
  return redactor;
}

}  // namespace penstock::call
