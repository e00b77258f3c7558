#include "host/signing_key.hpp"

#include <limits>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace penstock::host {
namespace {

constexpr int min_bits = 2048;

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Why OpenSSL cannot read a private key from `pem`.
std::string unreadable(std::string_view pem) {
  if (!contains(pem, "-----BEGIN "))
    return "is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)";
  if (contains(pem, "ENCRYPTED"))
    return "is a key with a passphrase; write it without (openssl pkey -in key.pem)";
  if (contains(pem, "BEGIN CERTIFICATE")) return "is a certificate; its private key is wanted";
  if (contains(pem, "PUBLIC KEY")) return "is a public key; the private one is wanted";
  if (contains(pem, "OPENSSH"))
    return "is a key in OpenSSH's form; PEM is wanted (ssh-keygen -p -m PEM -f key)";
  if (contains(pem, "\\n"))
    return "has its line breaks written as \\n; write real ones: a block (|) in YAML, or "
           "${file:/path}";
  if (!contains(pem, "\n"))
    return "is a PEM text on one line; keep its line breaks: a block (|) in YAML, or ${file:/path}";
  return "is PEM, but damaged: no private key can be read from it";
}

std::string kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
  case EVP_PKEY_EC:
    return "an elliptic curve (EC) key";
  case EVP_PKEY_ED25519:
  case EVP_PKEY_ED448:
    return "an Edwards curve (EdDSA) key";
  case EVP_PKEY_RSA_PSS:
    return "a key for RSA-PSS alone";
  case EVP_PKEY_DSA:
    return "a DSA key";
  default:
    return "another kind of key";
  }
}

}  // namespace

Result<SigningKey, std::string> read_signing_key(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return failure(std::string("is too large for a key"));
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without the callback OpenSSL would ask for a passphrase on the terminal.
  SigningKey key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  if (!key) return failure(unreadable(pem));
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return failure("is " + kind_of(key.get()) + "; RS256 signs with an RSA key");
  if (const int bits = EVP_PKEY_get_bits(key.get()); bits < min_bits)
    return failure("is an RSA key of " + std::to_string(bits) +
                   " bits; at least 2048 are wanted (openssl genrsa 2048)");
  return key;
}

std::string signing_key_problem(std::string_view pem) {
  const auto key = read_signing_key(pem);
  return key ? std::string() : key.error();
}

}  // namespace penstock::host
