#pragma once

#include <string>

#include <curl/curl.h>

#include <penstock/error.hpp>

#include "upstream/tls_handshake.hpp"

namespace penstock::upstream {

/// A connection that libcurl could not make.
struct FailedConnect {
  CURLcode code = CURLE_OK;
  std::string reason;           ///< libcurl's own text
  std::string refused_address;  ///< what the address guard refused, if it did
  TlsHandshake handshake;
};

/// In words that name the host, the cause and what to change.
Error connect_error(const std::string& host, const FailedConnect& failed);

}  // namespace penstock::upstream
