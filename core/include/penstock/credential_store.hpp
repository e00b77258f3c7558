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
  /// The session.format of each API of the plugin when the session was made: it serves those alone.
  std::vector<int> session_formats;
  std::int64_t session_created_ms = 0;   ///< Unix time
  std::int64_t session_expires_ms = 0;   ///< Unix time; 0: unknown
  std::string connection_digest;  ///< of the configured fields that the credentials replaced: a new
                                  ///< configuration wins

  /// When a renewal was begun whose end is not stored, Unix time; 0: none. The vendor may have
  /// replaced the credentials since.
  std::int64_t renewal_began_ms = 0;
  std::string refusal;  ///< how the vendor refused the credentials for good; empty: it did not
  std::int64_t refused_ms = 0;
  std::string refused_digest;  ///< of all configured fields: a new configuration is asked anew
};

/// The right to renew one connection's session.
struct Lease {
  std::uint64_t fence = 0;           ///< rises with each lease
  std::optional<StoredState> state;  ///< what is stored now, read together with the lease
};

/// Where run-time credentials live. Embedders may bring their own. Every function is [any-thread]
/// and may block for as long as a durable write takes; the engine calls them off its loops.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;

  /// The state saved last under `key`; none if there is none.
  virtual Result<std::optional<StoredState>> load(const std::string& key) = 0;

  /// Saves durably: when this returns success, a crash loses nothing. Fails without a change if the
  /// stored version is not `state.version`, or `fence` is not that of the latest lease; the new
  /// version is the result.
  virtual Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                                     std::uint64_t fence) = 0;

  // A store that replicas share lets one of them renew at a time. These defaults are for a store
  // that one process has to itself: every lease is granted.

  /// None: another replica holds the lease. Ask again after a moment.
  virtual Result<std::optional<Lease>> lease(const std::string& key);
  /// Once in lease_heartbeat while the renewal runs. False: the lease is lost.
  virtual Result<bool> extend(const std::string& key, std::uint64_t fence);
  virtual void release(const std::string& key, std::uint64_t fence);

  static constexpr std::chrono::seconds lease_heartbeat{1};

  /// Whether others use what is stored here just now: then the end of this process is no end of a
  /// session.
  virtual bool is_shared() const { return false; }
};

/// A store in one SQLite file (WAL, synchronous FULL) named penstock.db in `folder`, which is made
/// 0700 if absent. The records are encrypted with the keys of PENSTOCK_STATE_KEY, or of state.key
/// in that folder, which is made 0600 with a fresh key if absent: see docs/state.md. Any number of
/// processes and engines of one machine may have the folder open; a lease lets one of them renew at
/// a time, and is free as soon as its holder is closed or dies. Fails on a network file system,
/// where locks between machines cannot be relied upon.
Result<std::unique_ptr<CredentialStore>> open_sqlite_store(const std::filesystem::path& folder);

/// A store in a PostgreSQL database that replicas share. `url` is libpq's (postgresql://… or
/// postgres://…); the table penstock_state is made if absent, and only then needs the right to make
/// it. The records are encrypted with PENSTOCK_STATE_KEY, which
/// has to be set: every replica needs the same.
Result<std::unique_ptr<CredentialStore>> open_postgresql_store(const std::string& url);

/// Keeps everything in memory: for tests, and for embedders without rotating credentials.
std::unique_ptr<CredentialStore> make_memory_store();

}  // namespace penstock
