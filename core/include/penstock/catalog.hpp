#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/config.hpp>
#include <penstock/result.hpp>

namespace penstock {

/// An example of a call, from the manifest.
struct ExampleCall {
  std::string title;
  std::string method;
  std::string path;
  std::string api_options;  ///< JSON object text
  std::string data;         ///< JSON text of the envelope's `data`; empty: none
  std::vector<Field> params;
};

/// Connection fields that are needed where another field has a certain value.
struct FieldsWhen {
  std::string field, equals;
  std::vector<std::string> fields;
};

/// What can be called as {tool}/{api}, as the manifest of its plugin says.
struct ApiInfo {
  std::string tool;
  std::string api;
  std::string title;
  std::string docs_url;
  std::vector<std::string> base_urls;  ///< templates, for people
  std::vector<std::string> methods;
  bool soap = false;
  std::string options_schema;     ///< JSON
  std::string connection_schema;  ///< JSON; never a value
  std::vector<std::string>
      required_fields;  ///< connection fields without which this API cannot be called
  std::vector<FieldsWhen> required_when;
  std::vector<ExampleCall> examples;
  std::optional<ExampleCall> verify;  ///< the cheap call of Engine::verify()
  std::string plugin;
  std::vector<std::string> owned_headers;  ///< lower case; the plugin sets them, a caller may not
};

struct PluginInfo {
  std::string name;
  std::string version;
  std::string file;
  std::string sha256;
  std::string abi;  ///< "1.0"
  std::vector<std::string> apis;
};

/// What the plugins of a folder offer, in the order of their names.
struct Catalog {
  std::vector<ApiInfo> apis;
  std::vector<PluginInfo> plugins;
};

/// Loads the plugins for what they say of themselves, without an engine, integrations or
/// credentials. Every problem at once, with `file`, the configuration's name, before it. The
/// plugins' code stays mapped until the process ends. [any-thread]
Result<Catalog, ConfigProblems> load_catalog(const PluginsConfig& plugins, const std::string& file);

/// The JSON Schema (draft-07, which editors know best) of integrations.yaml, with the connection
/// fields of each tool of `apis`: what load_config() and Engine::open() accept, as far as a schema
/// can tell. Placeholders such as ${env:NAME} are accepted wherever they may stand. [any-thread]
std::string config_schema(const std::vector<ApiInfo>& apis);

struct IntegrationInfo {
  std::string id;
  std::string tool;
  bool enabled = true;
  std::vector<std::string> apis;  ///< what its connection is complete for

  /// "ok"; "expiring": the session is due for renewal; "cooling_down": the vendor asked for a
  /// pause, or has a failure of its own; "unreachable": there was no connection to it the last
  /// time; "refused": it refused the credentials, and is asked again later; "needs_credentials": it
  /// refused them for good; "disabled".
  std::string health;
  std::string
      last_error;  ///< why the health is not ok, or the last renewal failed; no secret in it
  // Unix time in ms; 0: never, or unknown.
  std::int64_t last_error_ms = 0;
  std::int64_t cooling_down_until_ms = 0;  ///< no request for its credentials, or no call, before
  std::int64_t last_renewal_ms = 0;
  std::int64_t session_expires_ms = 0;
};

/// What became of the test call of one API: Engine::verify().
struct ProbeResult {
  std::string api;  ///< "workday/rest"
  bool works = false;
  std::string message;  ///< a sentence; no secret in it
  int status = 0;       ///< the vendor's; 0: it was not reached
  /// "works"; "refused": the vendor does not take the credentials; "unreachable": it was not asked,
  /// so nothing is known of them; "failed": it answered, or the call failed, for another reason.
  std::string outcome = {};
};

}  // namespace penstock
