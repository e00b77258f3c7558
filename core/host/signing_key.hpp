#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include <penstock/result.hpp>

namespace penstock::host {

struct SigningKeyFree {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using SigningKey = std::unique_ptr<EVP_PKEY, SigningKeyFree>;

/// Reads the private key for RS256, the only signature that the host makes: RSA, at least 2048 bits
/// (RFC 7518 section 3.3), PEM, without passphrase. The error says what the text is instead, as the
/// end of a sentence, and never shows any of it.
Result<SigningKey, std::string> read_signing_key(std::string_view pem);

/// The error of read_signing_key(); empty: the key is usable.
std::string signing_key_problem(std::string_view pem);

}  // namespace penstock::host
