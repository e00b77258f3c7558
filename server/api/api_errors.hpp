#pragma once

#include <string>

#include <penstock/error.hpp>

namespace penstock::server {

/// What the door itself refuses: a path, a method, a size.
Error request_error(int status, std::string title, std::string message);

/// The answer of readyz once the end has been asked for.
Error shutting_down();

/// The answer to a call while too much memory is held for clients that read slowly.
Error overloaded();

/// The answer of readyz while a part of the engine is out of service.
Error not_ready(std::string message);

}  // namespace penstock::server
