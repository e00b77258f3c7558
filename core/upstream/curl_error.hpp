#pragma once

#include <string>

#include <curl/curl.h>

#include <penstock/error.hpp>

#include "upstream/tls_handshake.hpp"

namespace penstock::upstream {

/// A failed connection attempt of libcurl.
struct FailedConnect {
  CURLcode code = CURLE_OK;
  std::string reason;           ///< libcurl's error text
  std::string refused_address;  ///< address that the address guard refused; empty: none
  TlsHandshake handshake;
};

/// The error for the caller, which names the host, the cause and what to change.
Error connect_error(const std::string& host, const FailedConnect& failed);

}  // namespace penstock::upstream
