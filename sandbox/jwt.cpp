#include "jwt.hpp"

#include "http_text.hpp"
#include "json.hpp"

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace penstock::sandbox {
namespace {

bool signed_with_rs256(std::string_view text, std::string_view signature, std::string_view pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

}  // namespace

std::optional<Claims> verified_claims(std::string_view jwt, std::string_view public_key_pem) {
  auto first = jwt.find('.');
  auto second = first == std::string_view::npos ? first : jwt.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto head = from_base64url(jwt.substr(0, first));
  auto body = from_base64url(jwt.substr(first + 1, second - first - 1));
  auto signature = from_base64url(jwt.substr(second + 1));
  if (!head || !body || !signature) return std::nullopt;

  auto header = parse_json(*head);
  if (!header || string_member(*header, "alg") != "RS256") return std::nullopt;
  if (!signed_with_rs256(jwt.substr(0, second), *signature, public_key_pem)) return std::nullopt;

  auto payload = parse_json(*body);
  if (!payload) return std::nullopt;
  const auto* expires = member(*payload, "exp");
  auto issuer = string_member(*payload, "iss"), subject = string_member(*payload, "sub"),
       audience = string_member(*payload, "aud");
  if (!issuer || !subject || !audience || !expires || !expires->IsInt64()) return std::nullopt;
  return Claims{*issuer, *subject, *audience, expires->GetInt64()};
}

}  // namespace penstock::sandbox
