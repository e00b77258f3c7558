#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <penstock/error.hpp>
#include <penstock/result.hpp>
#include <penstock/secret.hpp>

namespace penstock {

struct SecretField {
  std::string name;
  Secret value;
  bool secret = true;  ///< false: may be shown
};

/// What changes at run time for one connection of one plugin: credentials that the vendor replaced,
/// and a session.
struct StoredState {
  std::uint64_t version = 0;             ///< rises with each save; 0: never saved
  std::vector<SecretField> credentials;  ///< fields that replace those of integrations.yaml
  std::vector<SecretField> session;      ///< empty: none
  int session_format = 0;                ///< the manifest's session.format when it was made
  std::int64_t session_created_ms = 0;   ///< Unix time
  std::int64_t session_expires_ms = 0;   ///< Unix time; 0: unknown
  std::string connection_digest;  ///< of the configured fields that the credentials replaced: a new
                                  ///< configuration wins
};

/// Where run-time credentials live. Embedders may bring their own. Every function is [any-thread]
/// and may block for as long as a durable write takes; the engine calls them off its loops.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  /// The state saved last under `key`; none if there is none.
  virtual Result<std::optional<StoredState>> load(const std::string& key) = 0;

  /// Saves durably: when this returns success, a crash loses nothing. Fails without a change if the
  /// stored version is not `state.version`; the new version is the result.
  virtual Result<std::uint64_t> save(const std::string& key, const StoredState& state) = 0;
};

/// A store in one SQLite file (WAL, synchronous FULL) named penstock.db in `folder`, which is made
/// 0700 if absent.
Result<std::unique_ptr<CredentialStore>> open_sqlite_store(const std::filesystem::path& folder);

/// Keeps everything in memory: for tests, and for embedders without rotating credentials.
std::unique_ptr<CredentialStore> make_memory_store();

}  // namespace penstock
