#pragma once

// Drives one plugin in a test, with the engine's own host functions and no network:
//
//   penstock::testing::PluginDriver hibob("build/plugins/hibob.so");
//   const auto built = hibob.prepare({.connection = {{"service_user_id", "A"}, {"token", "b"}},
//                                     .call = {.api = "v1", .path = "/people"}});
//   EXPECT_EQ(built.header("Authorization"), "Basic QTpi");
//
// Link penstock_testing. Not for use in plugins themselves. One driver may be used by several
// threads at once.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/sdk/plugin_abi.h>

namespace penstock::testing {

using Value = std::pair<std::string, std::string>;
using Values = std::vector<Value>;

/// The value of the first `name`; empty if there is none.
std::string find(const Values& values, std::string_view name);

/// A session, or the values that a session run carries. Unix time in ms; 0: unknown.
struct State {
  Values items;
  std::int64_t created_ms = 0, expires_ms = 0;
};

struct TestCall {
  std::string api;
  std::string method = "GET";
  std::string path = "/";  ///< below the API's base URL, as the caller gives it
  Values headers, query;
  std::optional<std::string> body = {};  ///< for a SOAP API: the XML for the Body
};

/// The input of one plugin function.
struct Given {
  Values connection = {};  ///< checked against the manifest's schema, defaults filled in
  Values options = {};     ///< api_options, likewise
  TestCall call = {};
  std::int64_t time_unix_ms = 1'767'225'600'000;  ///< 2026-01-01T00:00:00Z
  std::string entropy = {};                       ///< up to 32 bytes, padded with zeros
  std::uint32_t attempt = 0;
  std::optional<State> session = {};
  std::uint64_t session_seq = 1;  ///< used only with a session
  /// Fields to replace or add after the schema check: input that a plugin must also withstand.
  Values unchecked_connection = {}, unchecked_options = {};
};

/// A response of the vendor.
struct TestResponse {
  int status = 200;
  std::string body = {};
  Values headers = {};
  bool truncated = false;
};

/// A failed invocation.
struct Failed {
  std::int32_t kind = 0;  ///< PST_E_*; if the host rejected a value, usually PST_E_INTERNAL
  std::string vendor_code, message;
};

/// What a plugin built, as accepted by the host.
struct Built {
  std::int32_t verdict = PST_FAILED;  ///< PST_OK, PST_FETCH …
  Failed failure = {};                ///< only if verdict is PST_FAILED

  // The request: in prepare() the vendor call including everything from the caller, in session()
  // the fetch.
  std::string method, url;
  Values headers, query;
  std::optional<std::string> body = {};

  Values session = {};
  std::int64_t expires_ms = 0;
  Values credentials = {}, carried = {};
  Values notes = {};
  std::vector<std::string> logs = {};
  std::optional<std::int64_t> retry_after_ms = {};

  /// Case-insensitive; empty if there is no such header.
  std::string header(std::string_view name) const;
};

/// "ok", "need_session", "fetch", "reauth", "retry", "pass" or "failed".
std::string_view verdict_name(std::int32_t verdict);
/// "bad_request", "auth_rejected" …: PST_E_* in lower case without its prefix.
std::string_view failure_name(std::int32_t kind);

/// One loaded plugin. If the test itself is wrong (no such file or API, a connection or options
/// that the manifest rejects), every function throws std::runtime_error with the reason.
class PluginDriver {
 public:
  explicit PluginDriver(const std::filesystem::path& file);
  ~PluginDriver();
  PluginDriver(PluginDriver&&) noexcept;

  /// Runs prepare().
  Built prepare(const Given& given) const;

  /// Runs one step of session(). `event` is PST_EV_*; `given.session` is the old session;
  /// `response` is null or the response for the event.
  Built session(std::uint32_t event, const Given& given, const Values& carried = {},
                const TestResponse* response = nullptr) const;

  /// Runs inspect() on a response to the call.
  Built inspect(const Given& given, const TestResponse& response) const;

  std::string manifest() const;           ///< JSON text
  std::vector<std::string> apis() const;  ///< names, such as "rest"
  bool has_session() const;
  bool has_inspect() const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace penstock::testing
