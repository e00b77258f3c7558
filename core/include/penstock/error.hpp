#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock {

/// The eight error codes that Kombo's SDKs know, or `none`, which is JSON null.
enum class Code : std::uint8_t {
  none,
  authentication_invalid,
  input_invalid,
  integration_not_found,
  rate_limit_exceeded,
  concurrency_limit_exceeded,
  ip_not_whitelisted,
  task_timed_out,
  unknown_error,
};

/// Which side caused the failure.
enum class Origin : std::uint8_t { caller, engine, plugin, network, vendor };

/// The phase in which the call failed.
enum class Phase : std::uint8_t { route, validate, authorize, session, connect, send, receive };

/// Whether the vendor may have seen the request. `unknown`: the vendor may have acted on it.
enum class Sent : std::uint8_t { no, yes, unknown };

/// The text used in JSON: "PLATFORM.INPUT_INVALID"; empty for Code::none.
std::string_view text(Code code) noexcept;
std::string_view text(Origin origin) noexcept;
std::string_view text(Phase phase) noexcept;
std::string_view text(Sent sent) noexcept;

/// One error and its location.
struct Problem {
  std::string pointer;  ///< RFC 6901 JSON Pointer into the caller's envelope or a manifest
  std::string message;  ///< what is wrong and what is expected; contains no secret

  // The same in machine-readable form.
  std::string rule = {};   ///< the violated JSON Schema keyword, "required"; empty: none
  std::string given = {};  ///< JSON type of the value, "object"; empty: no value
  /// The name or value that was probably meant; empty: no close match.
  std::string suggestion = {};

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Why a call has no response. All members may be shown to the caller.
struct Error {
  Code code = Code::unknown_error;
  int http_status = 500;
  std::string title;    ///< fixed text for each cause
  std::string message;  ///< what happened, where, and what to change
  Origin origin = Origin::engine;
  Phase phase = Phase::route;
  Sent sent = Sent::no;
  /// Whether trying again can help.
  bool retryable = false;
  std::vector<Problem> details;
  std::optional<std::chrono::milliseconds> retry_after;
  /// Set for calls that had begun.
  ConcurrencySlots concurrency_slots = {};
  bool cancelled = false;  ///< the caller cancelled the call: call_cancelled()
};

// The functions below create one error per cause, each with a fixed HTTP status, code and title.

/// HTTP 400: one or several problems in the caller's request.
Error input_invalid(std::string message, std::vector<Problem> details = {});
/// HTTP 400. Joins the problems into the message: "api_options.service_name is required; path must
/// be a string, not null".
Error input_invalid(std::vector<Problem> problems);
/// HTTP 401: the caller's API key is invalid.
Error authentication_invalid(std::string message);
/// HTTP 404: there is no such integration, or it cannot be used for the call (disabled, other
/// tool).
Error integration_not_found(std::string message);
/// HTTP 429, retryable.
Error rate_limited(std::string message, std::chrono::milliseconds retry_after);
/// HTTP 429, retryable: the integration has too many calls in flight.
Error concurrency_exceeded(std::string message, std::chrono::milliseconds retry_after);
/// HTTP 403: the caller's address is not allowed.
Error address_refused(std::string message);
/// HTTP 504: the vendor took too long. Retryable if nothing was sent.
Error vendor_timed_out(std::string message, Phase phase, Sent sent);
/// HTTP 502: the vendor could not be reached. Retryable if nothing was sent.
Error vendor_unreachable(std::string message, Phase phase, Sent sent);
/// HTTP 502: the vendor rejects the stored credentials.
Error credentials_refused(std::string message);
/// HTTP 500: the plugin or the engine failed.
Error plugin_failed(std::string message, Phase phase);
Error engine_failed(std::string message, Phase phase, Sent sent);
/// HTTP 499: the caller cancelled the call.
Error call_cancelled(Phase phase, Sent sent);

}  // namespace penstock
