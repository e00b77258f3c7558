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

/// A named value as plugins see it; `secret` ones are masked wherever they would be shown.
struct Item {
  std::string name;
  Secret value;
  bool secret = false;
};

struct Connection {
  std::string id;
  std::vector<Item> fields;

  const Item* find(std::string_view name) const noexcept;
};

/// A session, or what the steps of a session run carry. Times are Unix milliseconds, 0 means
/// unknown.
struct State {
  std::vector<Item> items;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;
};

/// The only time and randomness that a plugin gets.
struct Env {
  std::uint32_t attempt = 0;
  std::int64_t now_unix_ms = 0;
  std::uint64_t session_seq = 0;
  std::array<std::uint8_t, 32> entropy{};
};

/// The call as the plugin may see it: validated, URL expanded.
struct CallInput {
  std::string_view api, method, url, path;
  std::string_view options_json;
  const std::vector<Field>* options = nullptr;
  const std::vector<Field>* query = nullptr;
  const std::vector<Field>* headers = nullptr;
  std::string_view body;         ///< where the manifest asks for all of it
  std::string_view body_sha256;  ///< where it asks for the digest
  std::uint64_t body_length = 0;
  bool enveloped = false;  ///< `body` is what stands in the Body of the caller's own envelope
  const std::vector<Field>* body_scope = nullptr;  ///< the prefixes that this envelope binds
};

struct ResponseInput {
  int status = 0;
  const std::vector<Field>* headers = nullptr;
  std::string_view body;
  bool truncated = false;
};

/// What a plugin wants in the engine's log. Not masked yet.
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

/// Everything that one invocation left behind.
struct Outcome {
  Verdict verdict = Verdict::failed;

  // the request: the vendor call of prepare(), the fetch of session()
  std::string method;          ///< empty: unchanged
  std::string url;             ///< empty: unchanged; inside the egress list
  std::vector<Field> headers;  ///< checked
  std::vector<Field> query;    ///< to be percent-encoded
  std::optional<std::string> body;
  std::string body_prefix, body_suffix;
  struct Soap {
    std::string namespaces, header;
  };
  std::optional<Soap> soap;

  // the session
  std::vector<Item> session;
  std::int64_t session_expires_ms = 0;
  std::vector<Item> credentials;  ///< rotated connection fields
  std::vector<Item> carried;

  /// What hmac() and sign() gave: a header that holds one proves who calls.
  std::vector<std::string> signatures;

  // results
  PluginFailure failure;  ///< when verdict is failed
  std::vector<Field> notes;
  std::vector<LogText> logs;
  std::optional<std::int64_t> retry_after_ms;
};

/// The body that leaves: the plugin's own, or the caller's with the plugin's wrapping.
std::optional<std::string> build_body(const Outcome& outcome,
                                      const std::optional<std::string>& caller_body);

/// The same for a caller's own envelope: the plugin's header blocks are added to it. Else why not.
Result<std::string, std::string> build_enveloped_body(const Outcome& outcome, std::string_view xml,
                                                      const soap::SoapEnvelope& envelope);

/// What the manifest says and the instance needs: for the inputs, and to name who runs.
struct InstanceFacts {
  struct Api {
    std::string name;
    bool session = false;
    std::optional<std::vector<std::string>> options;  ///< all names; none: others are allowed, too
  };
  std::string label;                                          ///< id and version
  std::optional<std::vector<std::string>> connection_fields;  ///< all names; none: not known
  std::vector<Api> apis;
};

/// One created plugin instance, callable from any thread at once. Every output is checked as it
/// arrives; an exception, an unknown verdict or a refused value ends in Verdict::failed with
/// PST_E_INTERNAL.
class Instance {
 public:
  /// Calls the plugin's create(). `entry` and its code must stay loaded as long as the instance
  /// lives.
  static Result<std::unique_ptr<Instance>, PluginFailure>
  create(const pst_plugin& entry, Egress egress, InstanceFacts facts = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Outcome prepare(const Env& env, const Connection& connection, const State* session,
                  const CallInput& call) const;

  /// `event` is one of PST_EV_*; `reply` only for FETCHED and CHALLENGED.
  Outcome session(std::uint32_t event, const Env& env, const Connection& connection,
                  const State* old, const State& carried, const ResponseInput* response) const;

  Outcome inspect(const Env& env, const Connection& connection, const State* session,
                  const CallInput& call, const ResponseInput& response) const;

  /// Every later invocation fails at once. For a plugin of which a function did not return.
  void take_out_of_service() const noexcept { out_of_service_ = true; }
  bool in_service() const noexcept { return !out_of_service_; }

  bool has_session() const noexcept { return entry_.session != nullptr; }
  bool has_inspect() const noexcept { return entry_.inspect != nullptr; }
  const std::string& label() const noexcept { return facts_.label; }
  LogLimit& log_limit() const noexcept { return log_limit_; }

 private:
  using Names = std::optional<std::vector<pst_str>>;  ///< of facts_, as plugins see them

  Instance(const pst_plugin& entry, Egress egress, InstanceFacts facts);
  const Names* options_of(std::string_view api) const;

  pst_plugin
      entry_{};  ///< a copy: plugin data is not read after load; members it does not have are null
  Egress egress_;
  InstanceFacts facts_;
  std::string session_apis_;  ///< "rest, reports": whose session session() makes
  Names connection_names_;
  std::vector<std::pair<std::string_view, Names>> option_names_;
  void* self_ = nullptr;
  mutable std::atomic<bool> out_of_service_{false};
  mutable LogLimit log_limit_;
};

}  // namespace penstock::host
