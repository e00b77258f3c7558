#pragma once

#include <chrono>
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

/// A credential or session value.
struct SecretField {
  std::string name;
  Secret value;
  bool secret = true;  ///< false: may be shown
};

/// The runtime state of one connection of one plugin: credentials that the vendor rotated, and the
/// session.
struct StoredState {
  std::uint64_t version = 0;  ///< increases with each save; 0: never saved
  /// Override the fields of the same name in integrations.yaml.
  std::vector<SecretField> credentials;
  std::vector<SecretField> session;  ///< empty: no session
  /// The session.format of each of the plugin's APIs when the session was created. Only APIs with
  /// these formats can use the session.
  std::vector<int> session_formats;
  std::int64_t session_created_ms = 0;  ///< Unix time in ms
  std::int64_t session_expires_ms = 0;  ///< Unix time in ms; 0: unknown
  /// Digest of the configured fields that `credentials` override. If the configuration changes, the
  /// configured values win.
  std::string connection_digest;

  /// Start of a renewal whose outcome is not stored, Unix time in ms; 0: none. The vendor may have
  /// rotated the credentials since then.
  std::int64_t renewal_began_ms = 0;
  std::string refusal;  ///< the vendor's permanent rejection of the credentials; empty: none
  /// Unix time in ms
  std::int64_t refused_ms = 0;
  /// Digest of all configured fields; after a change the credentials are tried again.
  std::string refused_digest;
};

/// The exclusive right to renew one connection's session.
struct Lease {
  std::uint64_t fence = 0;           ///< fencing token, increases with each lease
  std::optional<StoredState> state;  ///< the stored state, read atomically with taking the lease
};

/// Stores runtime credentials. Embedders may implement their own. Every function is [any-thread]
/// and may block for the duration of a durable write; the engine calls them outside its loops. An
/// exception counts as a failed operation.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  /// Returns the state last saved under `key`, or none.
  virtual Result<std::optional<StoredState>> load(const std::string& key) = 0;

  /// Saves durably: after success, a crash loses nothing. Returns the new version. Fails and
  /// changes nothing if the stored version differs from `state.version` or `fence` is not that of
  /// the latest lease.
  virtual Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                                     std::uint64_t fence) = 0;

  // A store shared by replicas lets only one of them renew at a time. These default implementations
  // are for a store used by a single process: they grant every lease.

  /// Takes the lease for `key`. None: another replica holds it; try again shortly.
  virtual Result<std::optional<Lease>> lease(const std::string& key);
  /// Extends the lease. Called every lease_heartbeat while the renewal runs.
  /// False: the lease was lost.
  virtual Result<bool> extend(const std::string& key, std::uint64_t fence);
  /// Ends the lease.
  virtual void release(const std::string& key, std::uint64_t fence);

  static constexpr std::chrono::seconds lease_heartbeat{1};

  /// Whether other processes currently use the stored state. If so, the sessions are kept when this
  /// process exits.
  virtual bool is_shared() const { return false; }
};

/// Opens a store in one SQLite file (WAL, synchronous FULL) named penstock.db in `folder`. A
/// missing folder is created with mode 0700. Records are encrypted with the keys in
/// PENSTOCK_STATE_KEY or in the file state.key in the folder; a missing key file is created with
/// mode 0600 and a new key: see docs/state.md. Any number of processes and engines on one machine
/// may open the folder at the same time; a lease lets one of them renew at a time and is released
/// as soon as its holder closes the store or dies. Fails on a network file system, where locks
/// between machines are unreliable.
Result<std::unique_ptr<CredentialStore>> open_sqlite_store(const std::filesystem::path& folder);

/// Opens a store in a PostgreSQL database shared by replicas. `url` is a libpq URL (postgresql://…
/// or postgres://…). The table penstock_state is created if missing; only then is the right to
/// create it needed. Records are encrypted with PENSTOCK_STATE_KEY, which must be set, because
/// every replica needs the same key.
Result<std::unique_ptr<CredentialStore>> open_postgresql_store(const std::string& url);

/// Creates an in-memory store, for tests and for embedders without rotating credentials.
std::unique_ptr<CredentialStore> make_memory_store();

}  // namespace penstock
