#include "upstream/curl_error.hpp"

#include <utility>

namespace penstock::upstream {
namespace {

bool has_failed_verification(const FailedConnect& failed) {
  return failed.handshake.verify_error != 0;
}

}  // namespace

Error connect_error(const std::string& host, const FailedConnect& failed) {
  const auto unreachable = [](std::string message) {
    return vendor_unreachable(std::move(message), Phase::connect, Sent::no);
  };
  if (!failed.refused_address.empty()) {
    Error error =
        unreachable(host + " leads to " + failed.refused_address +
                    ", which is not a public address; upstream.allow_private_addresses allows it");
    error.retryable = false;
    return error;
  }
  const auto tls_failure = [&](TlsFailure failed_handshake) {
    Error error = unreachable(std::move(failed_handshake.message));
    if (failed_handshake.permanent) error.retryable = false;
    return error;
  };
  switch (failed.code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return unreachable("the name " + host + " cannot be resolved");
  case CURLE_COULDNT_CONNECT:
    return unreachable("no connection to " + host + ": it is refused, or there is no route to it");
  case CURLE_OPERATION_TIMEDOUT:
    return vendor_timed_out("no connection to " + host + " within upstream.connect_timeout_ms",
                            Phase::connect, Sent::no);
  case CURLE_PEER_FAILED_VERIFICATION:
    // libcurl checks the name itself, after the chain was verified.
    if (!has_failed_verification(failed)) return tls_failure(wrong_name(host, failed.handshake));
    [[fallthrough]];
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CLIENTCERT:
    return tls_failure(tls_error(host, failed.handshake, failed.reason));
  default:
    return unreachable("no connection to " + host + ": " + curl_easy_strerror(failed.code));
  }
}

}  // namespace penstock::upstream
