#include "session/credential_key.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <penstock/hex.hpp>

#include "session/record_codec.hpp"
#include "session/store_result.hpp"

namespace penstock::session {
namespace {

// The fingerprints' HMAC key is a record in the store, encrypted like all others: it is the same
// for all replicas, and survives a change of the state key.
const std::string secret_key = "penstock/fingerprint";
constexpr std::size_t secret_size = 32;
constexpr std::size_t fingerprint_size = 16;

Result<std::optional<StoredState>> load(CredentialStore& store, const std::string& key) {
  return store_result([&] { return store.load(key); });
}

Result<std::uint64_t> save(CredentialStore& store, const std::string& key,
                           const StoredState& state) {
  return store_result([&] { return store.save(key, state, 0); });
}

Result<Secret> fingerprint_secret(CredentialStore& store) {
  // Read again after a failed save: another process may have created it in between.
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto stored = load(store, secret_key);
    if (!stored) return failure(std::move(stored).error());
    if (*stored && !(*stored)->credentials.empty()) return (*stored)->credentials.front().value;
    std::string bytes(secret_size, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), secret_size) != 1)
      return failure(
          engine_failed("the system provides no random bytes", Phase::session, Sent::no));
    StoredState made;
    made.credentials.push_back({"fingerprint_key", Secret(bytes), true});
    explicit_bzero(bytes.data(), bytes.size());
    if (save(store, secret_key, made)) return made.credentials.front().value;
  }
  auto stored = load(store, secret_key);
  if (stored && *stored && !(*stored)->credentials.empty())
    return (*stored)->credentials.front().value;
  return failure(engine_failed("the key of the credentials' fingerprints cannot be stored",
                               Phase::session, Sent::no));
}

std::string fingerprint(const Secret& secret, std::string_view credential) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const std::string_view key = secret.reveal();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(credential.data()), credential.size(), digest.data(),
       &length);
  return to_hex({reinterpret_cast<const char*>(digest.data()), fingerprint_size});
}

}  // namespace

Result<Located> locate_state(CredentialStore& store, const std::string& plugin_id,
                             const host::Connection& configured, std::string_view rotating_field) {
  const std::string id_key = plugin_id + "/" + configured.id;
  const host::NamedValue* credential =
      rotating_field.empty() ? nullptr : configured.find(rotating_field);
  if (credential == nullptr || credential->value.empty()) {
    auto state = load(store, id_key);
    if (!state) return failure(std::move(state).error());
    return Located{id_key, *std::move(state)};
  }
  const auto secret = fingerprint_secret(store);
  if (!secret) return failure(Error(secret.error()));
  const std::string key =
      plugin_id + "/credential:" + fingerprint(*secret, credential->value.reveal());
  auto state = load(store, key);
  if (!state) return failure(std::move(state).error());
  if (*state) return Located{key, *std::move(state)};

  auto earlier = load(store, id_key);
  if (!earlier) return failure(std::move(earlier).error());
  const bool holds =
      *earlier && (*earlier)->connection_digest == digest_of(configured, (*earlier)->credentials);
  if (!holds) return Located{key, std::nullopt};
  (*earlier)->version = 0;
  // If another process saved first, the load below returns its record.
  (void)save(store, key, **earlier);
  state = load(store, key);
  if (!state) return failure(std::move(state).error());
  return Located{key, *std::move(state)};
}

}  // namespace penstock::session
