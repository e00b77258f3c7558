#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>
#include <penstock/sdk/plugin_abi.h>
#include <penstock/secret.hpp>

#include "base/url.hpp"
#include "host/log_limit.hpp"

namespace penstock::soap {
struct SoapEnvelope;
}

namespace penstock::host {

/// A named value as plugins see it. `secret` values are redacted wherever they would be shown.
struct NamedValue {
  std::string name;
  Secret value;
  bool secret = false;
};

struct Connection {
  std::string id;
  std::vector<NamedValue> fields;

  const NamedValue* find(std::string_view name) const noexcept;
};

/// A session, or the values that the steps of a login exchange carry. Times are Unix time in
/// milliseconds; 0: unknown.
struct SessionState {
  std::vector<NamedValue> items;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;
};

/// What a session is for: the parts of a call that the manifest's session.key names. Sessions with
/// different values are independent. Without a key, one session serves all calls of a connection.
struct SessionKey {
  std::string api;                        ///< empty: not part of the key
  std::vector<std::string> option_names;  ///< api_options that are part of the key
  std::vector<Field> options;             ///< those of them that have a value

  bool empty() const noexcept { return api.empty() && option_names.empty(); }
  /// "api=rest&opt.region=eu", percent-encoded: equal for equal keys. Empty for an empty key.
  std::string text() const;
};

/// The only time and randomness that a plugin gets. See pst_env.
struct Env {
  std::uint32_t attempt = 0;
  std::int64_t now_unix_ms = 0;
  std::uint64_t session_seq = 0;
  std::array<std::uint8_t, 32> entropy{};
};

/// The call as the plugin sees it: validated, with the URL expanded.
struct CallInput {
  std::string_view api, method;
  std::string_view url;  ///< origin and path; CallInput does not own it
  std::string_view path;
  std::string_view query_string;  ///< of the URL, percent-encoded, without "?"
  std::string_view options_json;
  const std::vector<Field>* options = nullptr;
  const std::vector<Field>* query = nullptr;
  const Headers* headers = nullptr;
  std::string_view body;         ///< only if the manifest needs all of it
  std::string_view body_sha256;  ///< only if the manifest needs the digest
  std::uint64_t body_length = 0;
  bool enveloped = false;  ///< `body` is the Body content of the caller's own envelope
  const std::vector<Field>* body_scope = nullptr;  ///< prefixes that the envelope binds
};

struct ResponseInput {
  int status = 0;
  const Headers* headers = nullptr;
  std::string_view body;
  bool truncated = false;
};

/// A plugin's line for the engine's log. Not redacted yet.
struct LogText {
  int level = 1;  ///< 0 debug, 1 info, 2 warning, 3 error
  std::string text;
};

enum class Verdict : std::uint8_t { ok, need_session, fetch, reauth, retry, pass, failed };

/// How a plugin describes a failure; kind is one of PST_E_*.
struct PluginFailure {
  std::int32_t kind = PST_E_INTERNAL;
  std::string vendor_code;
  std::string message;
};

/// Everything that one invocation produced.
struct Outcome {
  Verdict verdict = Verdict::failed;

  // The request: the vendor call of prepare(), or a fetch of session().
  std::string method;        ///< empty: unchanged
  std::string url;           ///< empty: unchanged; inside the egress list
  Headers headers;           ///< checked as they were set
  std::vector<Field> query;  ///< not percent-encoded yet
  std::optional<std::string> body;
  std::string body_prefix, body_suffix;
  struct Soap {
    std::string namespaces, header;
  };
  std::optional<Soap> soap;

  // The session.
  std::vector<NamedValue> session;
  std::int64_t session_expires_ms = 0;
  std::vector<NamedValue> credentials;  ///< rotated connection fields
  std::vector<NamedValue> carried;

  /// Results of hmac() and sign(): a header that contains one is a credential.
  std::vector<std::string> signatures;

  // Results.
  PluginFailure failure;  ///< when verdict is failed
  std::vector<Field> notes;
  std::vector<LogText> logs;
  std::optional<std::int64_t> retry_after_ms;
};

/// The body to send: the plugin's own, or the caller's with the plugin's wrapping.
std::optional<std::string> build_body(const Outcome& outcome,
                                      const std::optional<std::string>& caller_body);

/// The same for a caller's own envelope: adds the plugin's header blocks to it. The error is the
/// end of a sentence.
Result<std::string, std::string> build_enveloped_body(const Outcome& outcome, std::string_view xml,
                                                      const soap::SoapEnvelope& envelope);

/// Facts from the manifest that an instance needs, for plugin inputs and to name the plugin in
/// reports.
struct InstanceFacts {
  struct Api {
    std::string name;
    bool session = false;
    std::optional<std::vector<std::string>> options;  ///< all names; none: the schema allows others
  };
  std::string label;                                          ///< id and version
  std::optional<std::vector<std::string>> connection_fields;  ///< all names; none: not known
  std::vector<Api> apis;
};

/// A created plugin instance, callable from any thread, also concurrently. Every output is checked
/// as it arrives. An exception, an unknown verdict or a refused value gives Verdict::failed, with
/// PST_E_INTERNAL unless the refusal has another kind.
class Instance {
 public:
  /// Calls the plugin's create(). The plugin's code must stay loaded as long as the instance lives.
  static Result<std::unique_ptr<Instance>, PluginFailure>
  create(const pst_plugin& entry, Egress egress, InstanceFacts facts = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Outcome prepare(const Env& env, const Connection& connection, const SessionState* session,
                  const CallInput& call) const;

  /// `event` is one of PST_EV_*; `response` is only for FETCHED and CHALLENGED, else null.
  Outcome session(std::uint32_t event, const Env& env, const Connection& connection,
                  const SessionState* old, const SessionState& carried,
                  const ResponseInput* response, const SessionKey& key = {}) const;

  Outcome inspect(const Env& env, const Connection& connection, const SessionState* session,
                  const CallInput& call, const ResponseInput& response) const;

  /// Makes every later invocation fail at once. For a plugin of which a function did not return.
  /// [any-thread]
  void take_out_of_service() const noexcept { out_of_service_ = true; }
  bool in_service() const noexcept { return !out_of_service_; }

  bool has_session() const noexcept { return entry_.session != nullptr; }
  bool has_inspect() const noexcept { return entry_.inspect != nullptr; }
  const std::string& label() const noexcept { return facts_.label; }
  LogLimit& log_limit() const noexcept { return log_limit_; }

 private:
  using Names = std::optional<std::vector<pst_str>>;  ///< names of facts_ in ABI form

  Instance(const pst_plugin& entry, Egress egress, InstanceFacts facts);
  const Names* options_of(std::string_view api) const;

  /// A copy: plugin data is not read after load. Members that the plugin does not have are null.
  pst_plugin entry_{};
  Egress egress_;
  InstanceFacts facts_;
  std::string session_apis_;  ///< "rest, reports": the APIs that have a session
  Names connection_names_;
  std::vector<std::pair<std::string_view, Names>> option_names_;
  void* self_ = nullptr;
  mutable std::atomic<bool> out_of_service_{false};
  mutable LogLimit log_limit_;
};

}  // namespace penstock::host
