#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/credential_store.hpp>

#include "host/invocation.hpp"
#include "session/record_cipher.hpp"

namespace penstock::session {

std::vector<host::NamedValue> items_of(const std::vector<SecretField>& fields);
std::vector<SecretField> fields_of(const std::vector<host::NamedValue>& items);

/// SHA-256, in Base64, of the configured values that `credentials` replace. It changes when new
/// ones are configured.
std::string digest_of(const host::Connection& configured,
                      const std::vector<SecretField>& credentials);

/// Whether the vendor has refused these credentials permanently, with exactly this configuration.
bool still_refused(const StoredState& state, const host::Connection& configured);

/// Serialises a StoredState without its version, and back.
std::string to_record(const StoredState& state);
Result<StoredState, std::string> from_record(std::string_view bytes);

/// to_record(), encrypted and bound to key and version; and back, with the version set, as
/// CredentialStore::load() returns it. The error names the key.
std::string encrypt_record(RecordCipher& cipher, const StoredState& state, const std::string& key,
                           std::uint64_t version);
Result<std::optional<StoredState>> decrypt_record(RecordCipher& cipher, std::string_view encrypted,
                                                  const std::string& key, std::uint64_t version);

/// A row of a store whose record does not begin with RecordCipher::current_prefix().
struct OutdatedRecord {
  std::string key;
  std::uint64_t version = 0;
  std::string encrypted;
};

/// Encrypts each record with the current key and passes the result to `replace`, which stores it in
/// its place; stops at its first error. A record that no key decrypts stays as it is, and loading
/// it is an error; false: there is one.
Result<bool> reencrypt(
    RecordCipher& cipher, const std::vector<OutdatedRecord>& records,
    const std::function<Result<Ok>(const OutdatedRecord&, const std::string& encrypted)>& replace);

}  // namespace penstock::session
