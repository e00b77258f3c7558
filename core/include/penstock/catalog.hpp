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

/// An example call from the manifest.
struct ExampleCall {
  std::string title;
  std::string method;
  std::string path;
  std::string api_options;  ///< text of a JSON object
  std::string data;         ///< JSON text of the envelope's `data`; empty: none
  std::vector<Field> params;
};

/// Connection fields that are required if another field has a certain value.
struct FieldsWhen {
  std::string field, equals;
  std::vector<std::string> fields;
};

/// One callable API, {tool}/{api}, as declared in its plugin's manifest.
struct ApiInfo {
  std::string tool;
  std::string api;
  std::string title;
  std::string docs_url;
  std::vector<std::string> base_urls;  ///< templates, for display only
  std::vector<std::string> methods;
  bool soap = false;
  std::string options_schema;     ///< JSON Schema text
  std::string connection_schema;  ///< JSON Schema text; contains no values
  /// Connection fields required to call this API.
  std::vector<std::string> required_fields;
  std::vector<FieldsWhen> required_when;
  std::vector<ExampleCall> examples;
  std::optional<ExampleCall> verify;  ///< the cheap test call that Engine::verify() makes
  std::string plugin;
  std::vector<std::string> owned_headers;  ///< lower case; set by the plugin, rejected in a call
};

/// One loaded plugin file.
struct PluginInfo {
  std::string name;
  std::string version;
  std::string file;
  std::string sha256;
  std::string abi;  ///< "1.0"
  std::vector<std::string> apis;
};

/// What the plugins of a folder provide, sorted by name.
struct Catalog {
  std::vector<ApiInfo> apis;
  std::vector<PluginInfo> plugins;
};

/// Loads the plugins and returns their metadata; needs no engine, integrations or credentials. On
/// failure returns every problem, each prefixed with `file`, the name of the configuration file.
/// The plugins' code stays mapped until the process exits. [any-thread]
Result<Catalog, ConfigProblems> load_catalog(const PluginsConfig& plugins, const std::string& file);

/// Returns a JSON Schema (draft-07, the version that editors support best) for integrations.yaml,
/// including the connection fields of each tool in `apis`. It describes what load_config() and
/// Engine::open() accept, as far as a schema can express it. Placeholders such as ${env:NAME} are
/// accepted wherever they are valid. [any-thread]
std::string config_schema(const std::vector<ApiInfo>& apis);

/// One integration and the status of its connection.
struct IntegrationInfo {
  std::string id;
  std::string tool;
  bool enabled = true;
  std::vector<std::string> apis;  ///< APIs for which the connection has all required fields

  /// One of:
  /// - "ok";
  /// - "expiring": the session is due for renewal;
  /// - "cooling_down": the vendor asked for a pause or had a failure of its own;
  /// - "unreachable": the last attempt to connect to the vendor failed;
  /// - "refused": the vendor rejected the credentials; they are tried again later;
  /// - "needs_credentials": the vendor rejected the credentials permanently;
  /// - "disabled".
  std::string health;
  /// Why `health` is not "ok", or why the last renewal failed; contains no secret.
  std::string last_error;
  // All times are Unix time in ms; 0: never, or unknown.
  std::int64_t last_error_ms = 0;
  std::int64_t cooling_down_until_ms = 0;  ///< until then no session request, or no call, is made
  std::int64_t last_renewal_ms = 0;
  std::int64_t session_expires_ms = 0;
};

/// Result of the test call of one API: see Engine::verify().
struct ProbeResult {
  std::string api;  ///< "workday/rest"
  bool works = false;
  std::string message;  ///< one sentence; contains no secret
  int status = 0;       ///< the vendor's HTTP status; 0: no response
  /// "works"; "refused": the vendor rejected the credentials; "unreachable": no request reached the
  /// vendor, so the credentials are untested; "failed": the vendor responded, or the call failed,
  /// for another reason.
  std::string outcome = {};
};

}  // namespace penstock
