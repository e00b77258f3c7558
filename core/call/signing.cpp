#include "call/signing.hpp"

#include <algorithm>

#include <penstock/text.hpp>

namespace penstock::call {
namespace {

void set_header(std::vector<Field>& headers, Field field) {
  std::erase_if(headers,
                [&](const Field& old) { return equal_ignoring_case(old.name, field.name); });
  headers.push_back(std::move(field));
}

bool is_given(const std::vector<Field>& headers, std::string_view name) {
  return std::ranges::any_of(
      headers, [&](const Field& field) { return equal_ignoring_case(field.name, name); });
}

void set_default(std::vector<Field>& headers, Field field) {
  if (!is_given(headers, field.name)) headers.push_back(std::move(field));
}

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
    return "must be one element: a SOAP Body holds nothing beside it";
  return {};
}

}  // namespace

host::CallInput call_input(const PreparedCall& prepared, const Call& call) {
  host::CallInput input;
  input.api = prepared.api->name;
  input.method = call.method;
  input.path = prepared.path;
  input.options_json = prepared.options_json;
  input.options = &prepared.options;
  input.query = &call.params;
  input.headers = &prepared.headers;
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

Result<SignedRequest> build_request(const PreparedCall& prepared, const Call& call,
                                    host::Outcome outcome, const session::Snapshot& snapshot) {
  SignedRequest request{outcome.method.empty() ? call.method : outcome.method, prepared.url,
                        prepared.headers, std::nullopt};
  if (prepared.envelope) {
    auto body = host::build_enveloped_body(outcome, *prepared.body, *prepared.envelope);
    if (!body) return failure(input_invalid("the envelope " + body.error(), {{"", body.error()}}));
    request.body = *std::move(body);
    // The message is the caller's, and so is its Content-Type.
    std::erase_if(outcome.headers, [](const Field& field) {
      return equal_ignoring_case(field.name, "content-type");
    });
  } else {
    request.body = host::build_body(outcome, prepared.body);
    if (prepared.api->soap && outcome.soap) {
      const std::string trouble = check_fragment_in_envelope(*request.body);
      if (!trouble.empty()) return failure(input_invalid("data " + trouble, {{"/data", trouble}}));
    }
  }
  if (!outcome.url.empty()) {
    auto url = parse_url(outcome.url);
    if (!url) return failure(plugin_failed("its URL is refused: " + url.error(), Phase::authorize));
    request.url = *std::move(url);
  }
  if (auto problem = policy::find_repeated_parameter(names_of(outcome.query),
                                                     "the plugin of " + prepared.api->id(),
                                                     prepared.path_parts, call.params))
    return failure(input_invalid(std::vector{*std::move(problem)}));
  for (const Field& parameter : outcome.query) {
    request.url.query += (request.url.query.empty() ? "" : "&") + percent_encode(parameter.name) +
                         "=" + percent_encode(parameter.value);
    request.url.has_query = true;
  }
  for (Field& field : outcome.headers) {
    if (is_owned(*prepared.api, field.name)) {
      set_header(request.headers, std::move(field));
    } else if (!is_given(request.headers, field.name)) {
      request.headers.push_back(std::move(field));
    } else if (carries_credential(field.value, snapshot, outcome.signatures)) {
      // Treated as owned: otherwise the caller's value would be sent instead of the credential.
      constexpr std::string_view why =
          "is set by the plugin of this API: it carries the credential";
      return failure(input_invalid("headers." + field.name + " " + std::string(why),
                                   {{pointer_to("/headers", field.name), std::string(why)}}));
    }
    // Otherwise a header that the plugin does not own is a default, and the caller's value wins.
  }
  set_default(request.headers, {"Accept", "*/*"});
  set_default(request.headers, {"User-Agent", "Penstock/0.1"});
  return request;
}

Result<Ok> check_egress(const PreparedCall& prepared, const Url& url) {
  if (prepared.plugin->manifest().egress.permits(url)) return Ok{};
  return failure(engine_failed("the request would leave for " + url.origin() + ", which " +
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
