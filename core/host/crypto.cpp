#include "host/builder.hpp"

#include <climits>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "host/signing_key.hpp"

namespace penstock::host {
namespace {

/// The hash functions of hmac(), and of digest() except for "md5".
const EVP_MD* hash_named(std::string_view name) {
  if (name == "sha1") return EVP_sha1();
  if (name == "sha256") return EVP_sha256();
  if (name == "sha512") return EVP_sha512();
  return nullptr;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::int32_t digest(pst_cx* cx, pst_str alg, pst_str data, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    // HTTP Digest and Content-MD5 require MD5.
    const EVP_MD* hash = view(alg) == "md5" ? EVP_md5() : hash_named(view(alg));
    if (hash == nullptr) return refuse(cx, "it requested a digest that the host does not support");
    std::string result(static_cast<std::size_t>(EVP_MD_get_size(hash)), '\0');
    if (EVP_Digest(data.ptr, data.len, reinterpret_cast<unsigned char*>(result.data()), nullptr,
                   hash, nullptr) != 1)
      return refuse(cx, "a digest failed");
    return store_result(cx, std::move(result), out);
  });
}

std::int32_t hmac(pst_cx* cx, pst_str alg, pst_str key, pst_str data, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    const EVP_MD* hash = hash_named(view(alg));
    if (hash == nullptr) return refuse(cx, "it requested an HMAC that the host does not support");
    std::string result(static_cast<std::size_t>(EVP_MD_get_size(hash)), '\0');
    if (key.len > INT_MAX ||
        HMAC(hash, key.ptr, static_cast<int>(key.len), bytes(view(data)), data.len,
             reinterpret_cast<unsigned char*>(result.data()), nullptr) == nullptr)
      return refuse(cx, "an HMAC failed");
    cx->outcome->signatures.push_back(result);
    return store_result(cx, std::move(result), out);
  });
}

std::int32_t sign(pst_cx* cx, pst_str alg, pst_str key_field, pst_str data, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    const auto algorithm = signature_algorithm(view(alg));
    if (!algorithm) return refuse(cx, "it requested a signature that the host does not support");
    const NamedValue* field =
        cx->connection == nullptr ? nullptr : cx->connection->find(view(key_field));
    if (field == nullptr)
      return refuse(cx, "the connection has no field " + std::string(view(key_field)));
    const auto key = read_signing_key(field->value.reveal(), *algorithm);
    if (!key) {
      return refuse(cx, "the connection's " + std::string(view(key_field)) + " " + key.error(),
                    PST_E_BAD_CONNECTION);
    }
    auto signature = make_signature(**key, *algorithm, view(data));
    if (!signature) return refuse(cx, "signing failed");
    cx->outcome->signatures.push_back(*signature);
    return store_result(cx, *std::move(signature), out);
  });
}

}  // namespace penstock::host
