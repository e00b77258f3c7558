#pragma once

#include <string>

#include <penstock/error.hpp>

namespace penstock::server {

/// The error for a request that the API handler itself rejects: a path, a method, a size.
Error request_error(int status, std::string title, std::string message);

/// The response of readyz while the server shuts down.
Error shutting_down();

/// The response to a call while clients that read slowly hold too much memory.
Error overloaded();

/// The response of readyz while a part of the engine is out of service.
Error not_ready(std::string message);

}  // namespace penstock::server
