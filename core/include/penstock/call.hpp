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

namespace penstock {

/// A header field or a query parameter, as written. Order and repetition are kept.
struct Field {
  std::string name;
  std::string value;

  friend bool operator==(const Field&, const Field&) = default;
};

/// One part of a multipart/form-data body: a plain field, or a file.
struct FormPart {
  std::string name;
  std::string content;
  bool is_file = false;
  std::string file_name;  ///< of a file; any alphabet
  /// Empty: of a file data_url's answer's, else application/octet-stream; of a field none.
  std::string content_type;

  /// Of a file: where the engine fetches `content` from, without credentials. https only.
  std::string data_url = {};
};

/// One passthrough call, as the caller means it. Plain data: copy it, move it, keep it.
struct Call {
  std::string tool;            ///< "workday"
  std::string api;             ///< "rest"
  std::string integration_id;  ///< "workday:acme"

  std::string method = "GET";  ///< GET, POST, PUT, PATCH or DELETE
  std::string path = "/";      ///< path and query behind the API's base URL, sent as written
  std::vector<Field> headers;  ///< for the vendor; see ApiInfo::owned_headers
  std::vector<Field> params;   ///< added to the query, percent-encoded
  std::string api_options;     ///< a JSON object's text; empty: none. See options()

  std::optional<std::string> body;  ///< sent byte for byte
  bool body_is_json = false;   ///< gives Content-Type application/json where the caller gave none
  std::vector<FormPart> form;  ///< a multipart/form-data body; excludes `body`

  bool response_as_base64 = false;  ///< only for those who render the answer as an envelope

  /// Fails at once, as 429, where the vendor's last answers ask for a pause that is not over; the
  /// others are sent all the same.
  bool respect_rate_limit = false;

  /// Asks the vendor for a session though it refused these credentials before, and goes ahead of a
  /// rest: for who has just put right what was wrong.
  bool ignore_backoff = false;

  /// How long the call may take in all; none: the integration's upstream.timeout_ms.
  std::optional<std::chrono::milliseconds> timeout;

  /// Becomes true when nobody waits for the answer any more. A call of which nothing was sent yet,
  /// or a GET or HEAD, is then ended as an error; any other goes on to its end. Null: never.
  std::shared_ptr<const std::atomic<bool>> client_disconnected;
};

/// Text for Call::api_options: options({{"service_name", "Staffing"}}).
std::string options(const std::vector<Field>& values);

/// The places for calls in flight of one integration; a limit of 0 says nothing.
struct ConcurrencySlots {
  int limit = 0;
  int remaining = 0;
};

/// What an answer means by the manifest's rules and the plugin's judgement.
enum class Meaning : std::uint8_t {
  nothing_special,
  session_expired,
  credentials_refused,
  rate_limited,
  fault,
};

/// The vendor's whole answer, untouched.
struct Response {
  std::string url;             ///< what was called, secrets masked
  int status = 0;              ///< the vendor's HTTP status
  std::vector<Field> headers;  ///< names in lower case, in the vendor's order
  std::string body;            ///< after any Content-Encoding, else as sent
  std::vector<std::string> warnings;
  Meaning meaning = Meaning::nothing_special;
  std::string vendor_message;  ///< what the plugin read of a fault, secrets masked; empty: nothing

  std::chrono::microseconds total{0};  ///< from async_call to the completion
  std::chrono::microseconds vendor{
      0};              ///< of that, waiting for the vendor: connecting, sending, receiving
  std::string plugin;  ///< "workday_rest 1.0.0"

  /// Of the integration's calls in flight: how many may be, and how many more could have begun.
  ConcurrencySlots places = {};

  std::string reason = {};  ///< the vendor's reason phrase, as sent; often empty
};

/// What would be sent: the answer of Engine::validate(). Secrets are masked.
struct Preview {
  std::string method;
  std::string url;
  std::vector<Field> headers;
  std::string body;
  std::vector<std::string> warnings;

  /// Of Engine::validate_with_session(): whether the call needs a session, which could be had then.
  enum class Session : std::uint8_t { not_asked, not_needed, had };
  Session session = Session::not_asked;
  std::int64_t session_expires_ms = 0;  ///< Unix time; 0: none, or unknown
};

}  // namespace penstock
