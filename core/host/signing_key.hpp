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

/// The private key for RS256, the one signature that the host makes: RSA, 2048 bits at least
/// (RFC 7518 section 3.3), PEM, without passphrase. The error says what it is instead, as the end
/// of a sentence, and never shows any of it.
Result<SigningKey, std::string> read_signing_key(std::string_view pem);

/// The same error alone; empty: the key will do.
std::string signing_key_trouble(std::string_view pem);

}  // namespace penstock::host
