#include "host/signing_key.hpp"

#include <array>
#include <limits>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace penstock::host {
namespace {

constexpr int min_bits = 2048;

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

struct DigestContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

struct EcdsaSignatureFree {
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Why OpenSSL cannot read a private key from `pem`.
std::string unreadable(std::string_view pem) {
  if (!contains(pem, "-----BEGIN "))
    return "is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)";
  if (contains(pem, "ENCRYPTED"))
    return "is a key with a passphrase; remove the passphrase (openssl pkey -in key.pem)";
  if (contains(pem, "BEGIN CERTIFICATE")) return "is a certificate; the private key is required";
  if (contains(pem, "PUBLIC KEY")) return "is a public key; the private key is required";
  if (contains(pem, "OPENSSH"))
    return "is a key in OpenSSH format; PEM is required (ssh-keygen -p -m PEM -f key)";
  if (contains(pem, "\\n"))
    return "has its line breaks written as \\n; write real ones: a block (|) in YAML, or "
           "${file:/path}";
  if (!contains(pem, "\n"))
    return "is a PEM text on one line; keep its line breaks: a block (|) in YAML, or ${file:/path}";
  return "is PEM, but damaged: no private key can be read from it";
}

std::string kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
  case EVP_PKEY_RSA:
    return "an RSA key";
  case EVP_PKEY_EC:
    return "an elliptic curve (EC) key";
  case EVP_PKEY_ED25519:
  case EVP_PKEY_ED448:
    return "an Edwards curve (EdDSA) key";
  case EVP_PKEY_RSA_PSS:
    return "a key for RSA-PSS only";
  case EVP_PKEY_DSA:
    return "a DSA key";
  default:
    return "another kind of key";
  }
}

/// Reads a private key of any kind.
Result<SigningKey, std::string> read_key(std::string_view pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    return failure(std::string("is too large for a key"));
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without the callback OpenSSL would ask for a passphrase on the terminal.
  SigningKey key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  if (!key) return failure(unreadable(pem));
  return key;
}

bool is_on_p256(const EVP_PKEY* key) {
  std::array<char, 32> group{};
  return EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
         std::string_view(group.data()) == "prime256v1";
}

/// Why a key does not fit; empty: it fits.
std::string misfit(const EVP_PKEY* key, SignatureAlgorithm algorithm) {
  if (algorithm == SignatureAlgorithm::es256) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
      return "is " + kind_of(key) + "; ES256 signs with an EC key on the curve P-256";
    return is_on_p256(key) ? ""
                           : "is an EC key on another curve than P-256, which ES256 signs with";
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    return "is " + kind_of(key) + "; " +
           (algorithm == SignatureAlgorithm::rs256 ? "RS256" : "PS256") + " signs with an RSA key";
  }
  const int bits = EVP_PKEY_get_bits(key);
  if (bits >= min_bits) return {};
  return "is an RSA key of " + std::to_string(bits) +
         " bits; at least 2048 are required (openssl genrsa 2048)";
}

/// Converts the DER form of OpenSSL to that of RFC 7518 section 3.4. Empty: it is malformed.
std::string concatenated(const std::string& der) {
  constexpr int half = 32;
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, EcdsaSignatureFree> signature(
      d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  std::string out(2 * half, '\0');
  auto* target = reinterpret_cast<unsigned char*>(out.data());
  const bool fits = signature &&
                    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), target, half) == half &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), target + half, half) == half;
  return fits ? out : std::string();
}

}  // namespace

std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name) noexcept {
  if (name == "RS256") return SignatureAlgorithm::rs256;
  if (name == "PS256") return SignatureAlgorithm::ps256;
  if (name == "ES256") return SignatureAlgorithm::es256;
  return std::nullopt;
}

Result<SigningKey, std::string> read_signing_key(std::string_view pem,
                                                 SignatureAlgorithm algorithm) {
  auto key = read_key(pem);
  if (!key) return key;
  std::string problem = misfit(key->get(), algorithm);
  if (!problem.empty()) return failure(std::move(problem));
  return key;
}

std::string signing_key_problem(std::string_view pem, std::optional<SignatureAlgorithm> algorithm) {
  const auto key = read_key(pem);
  if (!key) return key.error();
  if (!algorithm)
    algorithm = EVP_PKEY_get_base_id(key->get()) == EVP_PKEY_EC ? SignatureAlgorithm::es256
                                                                : SignatureAlgorithm::rs256;
  return misfit(key->get(), *algorithm);
}

std::optional<std::string> make_signature(EVP_PKEY& key, SignatureAlgorithm algorithm,
                                          std::string_view data) {
  const std::unique_ptr<EVP_MD_CTX, DigestContextFree> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  EVP_PKEY_CTX* options = nullptr;  // owned by the context
  std::size_t length = 0;
  if (EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, &key) != 1)
    return std::nullopt;
  if (algorithm == SignatureAlgorithm::ps256 &&
      (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
    return std::nullopt;
  if (EVP_DigestSign(context.get(), nullptr, &length, bytes, data.size()) != 1) return std::nullopt;
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                     bytes, data.size()) != 1)
    return std::nullopt;
  signature.resize(length);
  if (algorithm != SignatureAlgorithm::es256) return signature;
  signature = concatenated(signature);
  return signature.empty() ? std::nullopt : std::optional(std::move(signature));
}

}  // namespace penstock::host
