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
#include "runtime/world.hpp"
#include "soap/envelope.hpp"

namespace penstock::call {

/// A call that passed: route found, everything checked, URL final. Not signed yet.
struct PreparedCall {
  std::shared_ptr<const loader::Plugin> plugin;  ///< pins the generation
  const catalog::Api* api = nullptr;
  std::shared_ptr<runtime::Integration> integration;

  Url url;                        ///< base URL joined with the caller's path and params
  std::string path;               ///< the caller's path
  policy::CallerPath path_parts;  ///< the same, as it is joined
  std::vector<Field> headers;     ///< the caller's, plus the Content-Type that its body implies
  std::string options_json;       ///< defaults filled
  std::vector<Field> options;
  std::optional<std::string> body;
  std::string body_sha256;
  bool fetches_parts = false;                  ///< of a form: `body` is there once they are fetched
  std::optional<soap::SoapEnvelope> envelope;  ///< `body` is a SOAP envelope of the caller's own
  std::vector<std::string> warnings;
};

/// Route and validate: steps 2 to 4 of the life of a call. Nothing is sent. `boundary` is for
/// multipart bodies; a form that has parts to be fetched gets its body from add_form().
Result<PreparedCall> prepare_call(const runtime::Registry& registry, const Call& call,
                                  std::string_view boundary);

/// The same for a call whose body is not part of it, with headers as an HTTP request has them.
Result<PreparedCall> prepare_streamed_call(const runtime::Registry& registry, const Call& call);

/// Finds the URL anew: for a base URL that is the session's, once there is one. Until then a URL
/// stands for it that leads nowhere.
Result<Ok> find_url(PreparedCall& prepared, const Call& call, const session::Snapshot& now);

/// Whether the plugin, or the check of SOAP, needs all of the body before the call can be signed.
bool needs_whole_body(const catalog::Api& api);

/// Checks and adds the body of a streamed draft that needs it whole. For SOAP: an envelope of the
/// caller's own, or what stands in a Body.
Result<Ok> add_body(PreparedCall& prepared, std::string body);

/// Adds the multipart body once the content of all parts is there.
void add_form(PreparedCall& prepared, const std::vector<FormPart>& form, std::string_view boundary);

}  // namespace penstock::call
