#include <penstock/error.hpp>

#include <algorithm>

namespace penstock {

std::string_view text(Code code) noexcept {
  switch (code) {
  case Code::none:
    return "";
  case Code::authentication_invalid:
    return "PLATFORM.AUTHENTICATION_INVALID";
  case Code::input_invalid:
    return "PLATFORM.INPUT_INVALID";
  case Code::integration_not_found:
    return "PLATFORM.INTEGRATION_NOT_FOUND";
  case Code::rate_limit_exceeded:
    return "PLATFORM.RATE_LIMIT_EXCEEDED";
  case Code::concurrency_limit_exceeded:
    return "PLATFORM.CONCURRENCY_LIMIT_EXCEEDED";
  case Code::ip_not_whitelisted:
    return "PLATFORM.IP_NOT_WHITELISTED";
  case Code::task_timed_out:
    return "PLATFORM.TASK_TIMED_OUT";
  case Code::unknown_error:
    break;
  }
  return "PLATFORM.UNKNOWN_ERROR";
}

std::string_view text(Origin origin) noexcept {
  switch (origin) {
  case Origin::caller:
    return "caller";
  case Origin::engine:
    return "engine";
  case Origin::plugin:
    return "plugin";
  case Origin::network:
    return "network";
  case Origin::vendor:
    break;
  }
  return "vendor";
}

std::string_view text(Phase phase) noexcept {
  switch (phase) {
  case Phase::route:
    return "route";
  case Phase::validate:
    return "validate";
  case Phase::authorize:
    return "authorize";
  case Phase::session:
    return "session";
  case Phase::connect:
    return "connect";
  case Phase::send:
    return "send";
  case Phase::receive:
    break;
  }
  return "receive";
}

std::string_view text(Sent sent) noexcept {
  switch (sent) {
  case Sent::no:
    return "no";
  case Sent::yes:
    return "yes";
  case Sent::unknown:
    break;
  }
  return "unknown";
}

Error input_invalid(std::string message, std::vector<Problem> details) {
  Error error{Code::input_invalid, 400, "Invalid input", std::move(message), Origin::caller,
              Phase::validate};
  error.details = std::move(details);
  return error;
}

Error input_invalid(std::vector<Problem> problems) {
  std::string message;
  for (const Problem& problem : problems) {
    if (!message.empty()) message += "; ";
    std::string place = problem.pointer.substr(problem.pointer.empty() ? 0 : 1);
    std::ranges::replace(place, '/', '.');
    if (!place.empty()) message += place + " ";
    message += problem.message;
  }
  return input_invalid(std::move(message), std::move(problems));
}

Error authentication_invalid(std::string message) {
  return {Code::authentication_invalid,
          401,
          "Invalid API key",
          std::move(message),
          Origin::caller,
          Phase::authorize};
}

Error integration_not_found(std::string message) {
  return {Code::integration_not_found,
          404,
          "Integration not found",
          std::move(message),
          Origin::caller,
          Phase::route};
}

Error rate_limited(std::string message, std::chrono::milliseconds retry_after) {
  Error error{Code::rate_limit_exceeded, 429, "Too many calls", std::move(message), Origin::caller,
              Phase::authorize};
  error.retryable = true;
  error.retry_after = retry_after;
  return error;
}

Error concurrency_exceeded(std::string message, std::chrono::milliseconds retry_after) {
  Error error{Code::concurrency_limit_exceeded,
              429,
              "Too many calls in flight",
              std::move(message),
              Origin::caller,
              Phase::route};
  error.retryable = true;
  error.retry_after = retry_after;
  return error;
}

Error address_refused(std::string message) {
  return {Code::ip_not_whitelisted, 403, "Address not allowed", std::move(message), Origin::caller,
          Phase::authorize};
}

Error vendor_timed_out(std::string message, Phase phase, Sent sent) {
  Error error{Code::task_timed_out,
              504,
              "The vendor is too slow",
              std::move(message),
              Origin::vendor,
              phase,
              sent};
  error.retryable = sent == Sent::no;
  return error;
}

Error vendor_unreachable(std::string message, Phase phase, Sent sent) {
  Error error{Code::none, 502, "The vendor cannot be reached", std::move(message), Origin::network,
              phase,      sent};
  error.retryable = sent == Sent::no;
  return error;
}

Error credentials_refused(std::string message) {
  return {Code::none,
          502,
          "The vendor refuses the stored credentials",
          std::move(message),
          Origin::vendor,
          Phase::session};
}

Error plugin_failed(std::string message, Phase phase) {
  return {Code::unknown_error, 500, "The plugin failed", std::move(message), Origin::plugin, phase};
}

Error engine_failed(std::string message, Phase phase, Sent sent) {
  return {Code::unknown_error,
          500,
          "The engine failed",
          std::move(message),
          Origin::engine,
          phase,
          sent};
}

Error call_cancelled(Phase phase, Sent sent) {
  const char* const vendor = sent == Sent::no        ? "; nothing was sent to the vendor"
                             : sent == Sent::unknown ? "; the vendor may have acted on it"
                                                     : "; the vendor had started to respond";
  Error error{Code::none,
              499,
              "Call cancelled",
              std::string("the call was cancelled") + vendor,
              Origin::caller,
              phase,
              sent};
  error.cancelled = true;
  return error;
}

}  // namespace penstock
