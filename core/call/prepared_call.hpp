#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "base/url.hpp"
#include "loader/plugin_set.hpp"
#include "policy/request_path.hpp"
#include "runtime/integration.hpp"
#include "runtime/registry.hpp"
#include "soap/envelope.hpp"

namespace penstock::call {

/// A routed and validated call with its final URL; not signed yet.
struct PreparedCall {
  std::shared_ptr<const loader::Plugin> plugin;  ///< keeps the plugin's generation alive
  const catalog::Api* api = nullptr;
  std::shared_ptr<runtime::Integration> integration;

  Url url;                        ///< base URL joined with the caller's path and params
  std::string path;               ///< the caller's path
  policy::CallerPath path_parts;  ///< `path`, split into path and query
  std::vector<Field> headers;     ///< the caller's, plus the Content-Type implied by its body
  std::string options_json;       ///< with defaults filled in
  std::vector<Field> options;
  std::optional<std::string> body;
  std::string body_sha256;
  bool fetches_parts = false;                  ///< form parts are yet to be fetched for `body`
  std::optional<soap::SoapEnvelope> envelope;  ///< set if `body` is the caller's own envelope
  std::vector<std::string> warnings;
};

/// Routes and validates a call; sends nothing. Reports all validation problems at once. `boundary`
/// separates the parts of a multipart body; a form with parts to fetch gets its body later, from
/// add_form().
Result<PreparedCall> prepare_call(const runtime::Registry& registry, const Call& call,
                                  std::string_view boundary);

/// The same for a streamed call: `call` has no body, and its headers are those of an HTTP request,
/// of which hop-by-hop fields are dropped.
Result<PreparedCall> prepare_streamed_call(const runtime::Registry& registry, const Call& call);

/// Computes the URL again, for a base URL that comes from the session. Without a session the host
/// is a placeholder that cannot be resolved.
Result<Ok> resolve_url(PreparedCall& prepared, const Call& call, const session::Snapshot& now);

/// Whether signing needs the whole body: for the plugin, or to check SOAP.
bool needs_whole_body(const catalog::Api& api);

/// Checks and adds the body of a streamed call that needs it whole. For SOAP it is the caller's own
/// envelope, or the content of a Body.
Result<Ok> add_body(PreparedCall& prepared, std::string body);

/// Adds the multipart body once the content of all parts is available.
void add_form(PreparedCall& prepared, const std::vector<FormPart>& form, std::string_view boundary);

}  // namespace penstock::call
