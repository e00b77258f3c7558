#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/headers.hpp>

namespace penstock {

/// One part of a multipart/form-data body: a plain field, or a file.
struct FormPart {
  std::string name;
  std::string content;
  bool is_file = false;
  std::string file_name;  ///< of a file; any characters
  /// If empty: for a file, the Content-Type of the `data_url` response, else
  /// application/octet-stream; for a plain field, none.
  std::string content_type;

  /// For a file: the https URL that the engine downloads `content` from, without credentials.
  std::string data_url = {};
};

/// One passthrough call, as the caller wrote it. A value type: may be copied, moved and stored.
struct Call {
  std::string tool;            ///< "workday"
  std::string api;             ///< "rest"
  std::string integration_id;  ///< "workday:acme"

  std::string method = "GET";  ///< GET, POST, PUT, PATCH or DELETE
  std::string path = "/";      ///< path and query below the API's base URL, sent as written
  Headers headers;             ///< request headers for the vendor; see ApiInfo::owned_headers
  std::vector<Field> params;   ///< appended to the query, percent-encoded
  std::string api_options;     ///< text of a JSON object; empty: none. See options()

  std::optional<std::string> body;  ///< sent byte for byte; none: no body
  bool body_is_json = false;        ///< sets Content-Type application/json if the caller set none
  std::vector<FormPart> form;       ///< a multipart/form-data body; mutually exclusive with `body`

  bool response_as_base64 = false;  ///< used only when the response is rendered as an envelope

  /// If true, the call fails immediately with 429 while a pause that the vendor asked for (its
  /// retry-after) is still running. If false, the call is sent regardless.
  bool respect_rate_limit = false;

  /// Requests a session from the vendor even if the vendor rejected these credentials before, and
  /// bypasses the backoff. Set it right after credentials were fixed.
  bool ignore_backoff = false;

  /// Time limit for the whole call; none: upstream.timeout_ms of the integration.
  std::optional<std::chrono::milliseconds> timeout;

  /// Set it to true when the client no longer waits for the response. The call then ends with an
  /// error if nothing was sent yet or if its method is GET or HEAD; any other call runs to
  /// completion. Null: the client never disconnects.
  std::shared_ptr<const std::atomic<bool>> client_disconnected;
};

/// Builds the text for Call::api_options: options({{"service_name", "Staffing"}}).
std::string options(const std::vector<Field>& values);

/// The concurrency limit of one integration; `limit` 0: not known.
struct ConcurrencySlots {
  /// Calls that may be in flight at the same time.
  int limit = 0;
  /// Further calls that may start now.
  int remaining = 0;
};

/// What a response means according to the manifest's rules and the plugin's inspect().
enum class Meaning : std::uint8_t {
  none,
  session_expired,
  credentials_refused,
  rate_limited,
  fault,
};

/// The vendor's complete response, unmodified.
struct Response {
  std::string url;   ///< the requested URL, secrets redacted
  int status = 0;    ///< the vendor's HTTP status code
  Headers headers;   ///< names in lower case, in the vendor's order
  std::string body;  ///< with Content-Encoding decoded where possible, else as received
  std::vector<std::string> warnings;
  Meaning meaning = Meaning::none;
  std::string vendor_message;  ///< the plugin's reading of a fault, secrets redacted; empty: none

  std::chrono::microseconds total{0};  ///< from async_call() to completion
  /// The part of `total` spent on the vendor: connecting, sending, receiving.
  std::chrono::microseconds vendor{0};
  std::string plugin;  ///< "workday_rest 1.0.0"

  /// The integration's concurrency limit and how many more calls could have started.
  ConcurrencySlots concurrency_slots = {};

  std::string reason = {};  ///< the vendor's reason phrase, as received; often empty
};

/// The request that would be sent: the result of Engine::validate(). Secrets are redacted.
struct Preview {
  std::string method;
  std::string url;
  Headers headers;
  std::string body;
  std::vector<std::string> warnings;

  /// Set by Engine::validate_with_session(): `not_needed` if the call needs no session, `had` if a
  /// session was available or could be obtained. `not_requested`: no session was requested.
  enum class Session : std::uint8_t { not_requested, not_needed, had };
  Session session = Session::not_requested;
  std::int64_t session_expires_ms = 0;  ///< Unix time in ms; 0: no session, or expiry unknown
};

}  // namespace penstock
