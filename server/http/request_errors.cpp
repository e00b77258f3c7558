#include "http/request_errors.hpp"

#include <chrono>
#include <utility>

namespace penstock::server {

Error request_error(int status, std::string title, std::string message) {
  Error error = input_invalid(std::move(message));
  error.http_status = status;
  error.title = std::move(title);
  error.phase = Phase::route;
  return error;
}

namespace {

Error unavailable(std::string title, std::string message) {
  Error error = engine_failed(std::move(message), Phase::route, Sent::no);
  error.code = Code::none;
  error.http_status = 503;
  error.title = std::move(title);
  error.retryable = true;
  return error;
}

}  // namespace

Error shutting_down() { return unavailable("Shutting down", "the server is shutting down"); }

Error not_ready(std::string message) { return unavailable("Not ready", std::move(message)); }

Error overloaded() {
  Error error = unavailable("Overloaded", "bodies and responses use all the memory that the server "
                                          "allows for them; try again in a moment");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

}  // namespace penstock::server
