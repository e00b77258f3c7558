#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/catalog.hpp>
#include <penstock/error.hpp>
#include <penstock/result.hpp>

#include "base/retry_after.hpp"
#include "base/url.hpp"
#include "catalog/url_template.hpp"
#include "schema/schema.hpp"

namespace penstock::catalog {

enum class BodyNeed : std::uint8_t { none, sha256, full };

/// What a response means for the call; see docs/manifest.md.
enum class ResponseKind : std::uint8_t {
  session_expired,
  auth_rejected,
  rate_limited,
  vendor_fault
};

struct ClassifyRule {
  int status_from = 100, status_to = 599;
  std::string body_contains;
  ResponseKind kind = ResponseKind::vendor_fault;
  bool before_processing = false;  ///< the vendor refused before acting: safe to send again
};

struct InspectWindow {
  int status_from = 400, status_to = 599;
  std::size_t max_bytes = 65536;
};

struct SessionSpec {
  int format = 1;
  int max_fetches = 4;
  bool logout = false;
  std::string rotates;  ///< the connection field that the vendor replaces at a use; empty: none
  bool always_rotates = false;  ///< false: replaced only for some tenants or clients
  // Its key: what a session belongs to besides the connection.
  bool per_api = false;                  ///< the API
  std::vector<std::string> key_options;  ///< these api_options
};

struct OptionDefault {
  std::string option, connection_field;
};

/// A response that refuses the call but shows that the credentials were accepted.
struct ProofOfCredentials {
  int status_from = 403, status_to = 403;
  std::string body_contains;
};

/// A cheap call that shows whether a connection works.
struct VerifySpec {
  ExampleCall call;
  std::vector<ProofOfCredentials> accepts;  ///< in addition to every 2xx
};

/// One callable API: {tool}/{api}.
struct Api {
  std::string tool, name;
  std::string title, docs;
  UrlTemplate base_url;
  bool endpoint = false;  ///< a single address: the path must be empty or "/"
  bool soap = false;
  std::vector<std::string> methods;
  std::vector<std::string> connection_required;
  std::vector<FieldsWhen> connection_required_when;
  schema::Schema options;
  std::vector<OptionDefault> option_defaults;
  BodyNeed body_need = BodyNeed::none;
  std::vector<std::string> owned_headers;  ///< lower case
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<SessionSpec> session;
  std::optional<InspectWindow> inspect;
  std::vector<ClassifyRule> classify;
  std::string retry_after_header = "retry-after";  ///< lower case
  WaitForm retry_after_form = WaitForm::any;
  std::vector<ExampleCall> examples;
  std::optional<VerifySpec> verify;

  std::string id() const { return tool + "/" + name; }
};

struct Manifest {
  std::string id, name, version;
  std::optional<int> min_minor;  ///< of the ABI; none: the one that it was compiled for
  std::string tool;
  Egress egress;
  schema::Schema connection;
  std::map<std::string, std::string> signing_keys;  ///< connection field → algorithm, "RS256"
  std::vector<Api> apis;
};

/// The connection field that the vendor replaces at each renewal; empty: none. A field that only
/// some connections need (connection_required_when) counts only if this one needs it. `value`
/// returns a field's value, or its default; empty: it has none.
std::string rotating_field(const Manifest& manifest,
                           const std::function<std::string(const std::string&)>& value);

/// A problem in a manifest, with its place; line and column count from 1.
struct ManifestProblem : Problem {
  int line = 0, column = 0;

  /// " at /apis/v1 (manifest.json:12:5): …", to be put after "its manifest".
  std::string text() const;
};

/// Reads and checks a manifest. Fails with every problem, each once; what only follows from another
/// problem is not reported. Runs no plugin code. [any-thread]
Result<Manifest, std::vector<ManifestProblem>> parse_manifest(std::string_view json);

/// The tool that a manifest names, even if the manifest is invalid otherwise; empty: none.
std::string tool_of(std::string_view manifest);

}  // namespace penstock::catalog
