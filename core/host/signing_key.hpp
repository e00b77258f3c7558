#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include <penstock/result.hpp>

namespace penstock::host {

/// The signatures that the host makes, of RFC 7518 section 3.1.
enum class SignatureAlgorithm : std::uint8_t {
  rs256,  ///< RSASSA-PKCS1-v1_5 with SHA-256
  ps256,  ///< RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes
  es256,  ///< ECDSA on P-256 with SHA-256; the signature is R and S, 32 bytes each
};

/// The algorithm of that name, such as "RS256".
std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name) noexcept;

struct SigningKeyFree {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using SigningKey = std::unique_ptr<EVP_PKEY, SigningKeyFree>;

/// Reads the private key for `algorithm`: RSA of at least 2048 bits (RFC 7518 section 3.3) or EC on
/// P-256, as PEM without passphrase. The error says what the text is instead, as the end of a
/// sentence, and never shows any of it.
Result<SigningKey, std::string> read_signing_key(std::string_view pem,
                                                 SignatureAlgorithm algorithm);

/// Why `pem` is not a key for `algorithm`, or, if that is not known, for any: the error of
/// read_signing_key(). Empty: the key is usable.
std::string signing_key_problem(std::string_view pem, std::optional<SignatureAlgorithm> algorithm);

/// Signs `data` with a key that read_signing_key() returned for `algorithm`. None: OpenSSL failed.
std::optional<std::string> make_signature(EVP_PKEY& key, SignatureAlgorithm algorithm,
                                          std::string_view data);

}  // namespace penstock::host
