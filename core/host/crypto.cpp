#include "host/builder.hpp"

#include <climits>
#include <memory>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "host/signing_key.hpp"

namespace penstock::host {
namespace {

const EVP_MD* hash_named(std::string_view name) {
  if (name == "sha1") return EVP_sha1();
  if (name == "sha256") return EVP_sha256();
  if (name == "sha512") return EVP_sha512();
  return nullptr;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

std::int32_t digest(pst_cx* cx, pst_str alg, pst_str data, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    const EVP_MD* hash = hash_named(view(alg));
    if (hash == nullptr) return refuse(cx, "it asked for a digest that the host does not have");
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
    if (hash == nullptr) return refuse(cx, "it asked for an HMAC that the host does not have");
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
    if (view(alg) != "RS256")
      return refuse(cx, "it asked for a signature that the host does not have");
    const NamedValue* field =
        cx->connection == nullptr ? nullptr : cx->connection->find(view(key_field));
    if (field == nullptr)
      return refuse(cx, "the connection has no field " + std::string(view(key_field)));
    const auto key = read_signing_key(field->value.reveal());
    if (!key) {
      return refuse(cx, "the connection's " + std::string(view(key_field)) + " " + key.error(),
                    PST_E_BAD_CONNECTION);
    }
    const std::unique_ptr<EVP_MD_CTX, ContextFree> context(EVP_MD_CTX_new());
    std::size_t length = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key->get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, bytes(view(data)), data.len) != 1) {
      return refuse(cx, "signing failed");
    }
    std::string signature(length, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes(view(data)), data.len) != 1) {
      return refuse(cx, "signing failed");
    }
    signature.resize(length);
    cx->outcome->signatures.push_back(signature);
    return store_result(cx, std::move(signature), out);
  });
}

}  // namespace penstock::host
