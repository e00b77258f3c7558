#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/credential_store.hpp>

#include "host/invocation.hpp"
#include "session/record_cipher.hpp"

namespace penstock::session {

std::vector<host::Item> items_of(const std::vector<SecretField>& fields);
std::vector<SecretField> fields_of(const std::vector<host::Item>& items);

/// SHA-256 over the configured values that `credentials` replace: it changes when somebody
/// configures new ones.
std::string digest_of(const host::Connection& configured,
                      const std::vector<SecretField>& credentials);

/// Whether the vendor has refused these credentials for good, with this very configuration.
bool still_refused(const StoredState& state, const host::Connection& configured);

/// A StoredState, without its version, as bytes and back.
std::string to_record(const StoredState& state);
Result<StoredState, std::string> from_record(std::string_view bytes);

/// to_record(), sealed for the place where it will stand, and back with its version. The error
/// names the key.
std::string encrypt_record(RecordCipher& cipher, const StoredState& state, const std::string& key,
                           std::uint64_t version);
Result<StoredState> decrypt_record(RecordCipher& cipher, std::string_view sealed,
                                   const std::string& key, std::uint64_t version);

}  // namespace penstock::session
