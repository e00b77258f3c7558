#include "http/door_errors.hpp"

#include <utility>

namespace penstock::server {

Error at_the_door(int status, std::string title, std::string message) {
  Error error = input_invalid(std::move(message));
  error.http_status = status;
  error.title = std::move(title);
  error.phase = Phase::route;
  return error;
}

Error shutting_down() {
  Error error = engine_failed("the server is shutting down", Phase::route, Sent::no);
  error.code = Code::none;
  error.http_status = 503;
  error.title = "Shutting down";
  error.retryable = true;
  return error;
}

}  // namespace penstock::server
