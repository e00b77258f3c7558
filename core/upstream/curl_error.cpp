#include "upstream/curl_error.hpp"

#include <openssl/x509.h>

namespace penstock::upstream {
namespace {

std::string certificate_trouble(CURL* easy, const std::string& host) {
  long verified = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  // libcurl compares the name before it asks for the chain's verdict.
  if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED)
    return "the certificate is not for " + host;
  std::string why = X509_verify_cert_error_string(verified);
  if (verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
      verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
      verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
    why += "; upstream.ca_file names the authorities that are trusted";
  }
  return "the certificate of " + host + " is not valid: " + why;
}

}  // namespace

Error connect_error(CURL* easy, CURLcode code, const std::string& host,
                    const std::string& refused_address) {
  const auto unreachable = [](std::string message) {
    return vendor_unreachable(std::move(message), Phase::connect, Sent::no);
  };
  if (!refused_address.empty()) {
    Error error =
        unreachable(host + " leads to " + refused_address +
                    ", which is not a public address; upstream.allow_private_addresses allows it");
    error.retryable = false;
    return error;
  }
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return unreachable("the name " + host + " cannot be resolved");
  case CURLE_COULDNT_CONNECT:
    return unreachable("no connection to " + host + ": it is refused or there is no way to it");
  case CURLE_OPERATION_TIMEDOUT:
    return vendor_timed_out("no connection to " + host + " within upstream.connect_timeout_ms",
                            Phase::connect, Sent::no);
  case CURLE_PEER_FAILED_VERIFICATION: {
    Error error = unreachable(certificate_trouble(easy, host));
    error.retryable = false;
    return error;
  }
  case CURLE_SSL_CACERT_BADFILE:
    return unreachable("upstream.ca_file cannot be read");
  default:
    return unreachable("no connection to " + host + ": " + curl_easy_strerror(code));
  }
}

}  // namespace penstock::upstream
