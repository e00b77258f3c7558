#pragma once

#include <string>

#include <curl/curl.h>

#include <penstock/error.hpp>

namespace penstock::upstream {

/// A connection that libcurl could not make, in words that name the host, the cause and the setting
/// to change. `refused_address` is what the address guard refused, if it did.
Error connect_error(CURL* easy, CURLcode code, const std::string& host,
                    const std::string& refused_address);

}  // namespace penstock::upstream
