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

/// The eight codes that Kombo's SDKs know (contract section 5), or none, which is JSON's null.
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

/// Whose failure it is.
enum class Origin : std::uint8_t { caller, engine, plugin, network, vendor };

/// How far the call had come.
enum class Phase : std::uint8_t { route, validate, authorize, session, connect, send, receive };

/// Whether the vendor may have seen the request. `unknown` means: it may have acted on it.
enum class Sent : std::uint8_t { no, yes, unknown };

/// "PLATFORM.INPUT_INVALID"; empty for Code::none.
std::string_view text(Code code) noexcept;
std::string_view text(Origin origin) noexcept;
std::string_view text(Phase phase) noexcept;
std::string_view text(Sent sent) noexcept;

/// One thing that is wrong, and where.
struct Problem {
  std::string pointer;  ///< RFC 6901 JSON Pointer into the caller's envelope, or into a manifest
  std::string message;  ///< what is wrong and what would be right; never a secret

  // The same for programs.
  std::string rule = {};   ///< the word of JSON Schema that is not kept, "required"; empty: none is
  std::string given = {};  ///< the kind of the value there, "object"; empty: there is none
  std::string suggestion = {};  ///< the name or value that was probably meant; empty: none is near

  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Why a call has no answer. Everything in it may be shown to the caller.
struct Error {
  Code code = Code::unknown_error;
  int http_status = 500;
  std::string title;    ///< fixed text per cause
  std::string message;  ///< what happened, where, and what to change
  Origin origin = Origin::engine;
  Phase phase = Phase::route;
  Sent sent = Sent::no;
  bool retryable = false;
  std::vector<Problem> details;
  std::optional<std::chrono::milliseconds> retry_after;
  ConcurrencySlots places = {};
  bool cancelled = false;  ///< the caller asked for this end: call_cancelled()
};

/// The rows of contract section 5, so that each cause has one status, code and title.
Error input_invalid(std::string message, std::vector<Problem> details = {});
/// All of them: "api_options.service_name is required; path must be a string, not null".
Error input_invalid(std::vector<Problem> problems);
Error authentication_invalid(std::string message);
Error integration_not_found(std::string message);
Error rate_limited(std::string message, std::chrono::milliseconds retry_after);
Error concurrency_exceeded(std::string message, std::chrono::milliseconds retry_after);
Error address_refused(std::string message);
Error vendor_timed_out(std::string message, Phase phase, Sent sent);
Error vendor_unreachable(std::string message, Phase phase, Sent sent);
Error credentials_refused(std::string message);
Error plugin_failed(std::string message, Phase phase);
Error engine_failed(std::string message, Phase phase, Sent sent);
/// The end of a call that its caller cancelled.
Error call_cancelled(Phase phase, Sent sent);

}  // namespace penstock
