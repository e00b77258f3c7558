#include <penstock/credential_store.hpp>

#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/process_lock.hpp"
#include "session/record_cipher.hpp"
#include "session/record_codec.hpp"

namespace penstock {
namespace {

using session::ProcessLock;

/// Applies to a holder that is alive but does not extend its lease, because it is stopped.
constexpr std::int64_t lease_ms = 90'000;

struct DatabaseClose {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct StatementFinalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

using Database = std::unique_ptr<sqlite3, DatabaseClose>;
using Statement = std::unique_ptr<sqlite3_stmt, StatementFinalize>;

/// Time since boot: unaffected by changes of the system clock, and the same for all processes of
/// the machine. A reboot resets it, but then no holder of a lease is alive.
std::int64_t boot_time_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// BEGIN IMMEDIATE, and a ROLLBACK in the destructor unless committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* database) : database_(database) { open_ = run("BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (open_) run("ROLLBACK");
  }
  bool is_open() const noexcept { return open_; }
  bool commit() {
    if (!run("COMMIT")) return false;
    open_ = false;
    return true;
  }

 private:
  bool run(const char* sql) {
    return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  sqlite3* database_;
  bool open_ = false;
};

class SqliteStore final : public CredentialStore {
 public:
  SqliteStore(Database database, std::unique_ptr<session::RecordCipher> cipher, Descriptor folder,
              ProcessLock process_lock)
      : folder_(std::move(folder)), process_lock_(std::move(process_lock)),
        cipher_(std::move(cipher)), database_(std::move(database)) {}

  Result<std::optional<StoredState>> load(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    return read(key);
  }

  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    reencrypt();
    // A single statement is its own transaction, so the check of version and fence is atomic.
    const Statement statement = prepare(
        "INSERT INTO state(key, version, record) SELECT ?1, ?2 + 1, ?3 "
        "WHERE coalesce((SELECT version FROM state WHERE key = ?1), 0) = ?2 "
        "AND (?4 = 0 OR EXISTS (SELECT 1 FROM lease WHERE key = ?1 AND fence = ?4)) "
        "ON CONFLICT(key) DO UPDATE SET version = excluded.version, record = excluded.record");
    if (!statement) return failure(broken("written"));
    const std::string record = session::encrypt_record(*cipher_, state, key, state.version + 1);
    bind(statement, 1, key);
    bind(statement, 2, static_cast<std::int64_t>(state.version));
    bind_bytes(statement, 3, record);
    bind(statement, 4, static_cast<std::int64_t>(fence));
    const int done = sqlite3_step(statement.get());
    const int changed = sqlite3_changes(database_.get());
    if (done != SQLITE_DONE) return failure(broken("written"));
    if (changed == 0) {
      return failure(engine_failed("the stored state of " + key + " was changed meanwhile",
                                   Phase::session, Sent::no));
    }
    return state.version + 1;
  }

  Result<std::optional<Lease>> lease(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    Transaction transaction(database_.get());
    if (!transaction.is_open()) return failure(broken("written"));
    const Statement present = prepare("SELECT fence, holder, until_ms FROM lease WHERE key = ?1");
    if (!present) return failure(broken("read"));
    bind(present, 1, key);
    std::int64_t fence = 0;
    const std::int64_t now = boot_time_ms();
    if (const int row = sqlite3_step(present.get()); row == SQLITE_ROW) {
      fence = sqlite3_column_int64(present.get(), 0);
      const std::int64_t holder = sqlite3_column_int64(present.get(), 1);
      const bool lasts = now < sqlite3_column_int64(present.get(), 2);
      if (holder != 0 && holder != process_lock_.id() && lasts && process_lock_.is_alive(holder))
        return std::optional<Lease>();
    } else if (row != SQLITE_DONE) {
      return failure(broken("read"));
    }
    ++fence;
    const Statement taken = prepare("INSERT OR REPLACE INTO lease VALUES(?1, ?2, ?3, ?4)");
    if (!taken) return failure(broken("written"));
    bind(taken, 1, key);
    bind(taken, 2, fence);
    bind(taken, 3, process_lock_.id());
    bind(taken, 4, now + lease_ms);
    if (sqlite3_step(taken.get()) != SQLITE_DONE) return failure(broken("written"));
    auto state = read(key);
    if (!state) return failure(std::move(state).error());
    if (!transaction.commit()) return failure(broken("written"));
    return std::optional<Lease>({static_cast<std::uint64_t>(fence), *std::move(state)});
  }

  Result<bool> extend(const std::string& key, std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    const Statement statement = prepare("UPDATE lease SET until_ms = ?3 WHERE key = ?1 AND "
                                        "fence = ?2 AND holder = ?4");
    if (!statement) return failure(broken("written"));
    bind(statement, 1, key);
    bind(statement, 2, static_cast<std::int64_t>(fence));
    bind(statement, 3, boot_time_ms() + lease_ms);
    bind(statement, 4, process_lock_.id());
    if (sqlite3_step(statement.get()) != SQLITE_DONE) return failure(broken("written"));
    return sqlite3_changes(database_.get()) == 1;
  }

  void release(const std::string& key, std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    const Statement statement =
        prepare("UPDATE lease SET holder = 0 WHERE key = ?1 AND fence = ?2");
    if (!statement) return;  // an unreleased lease ends with this process, or expires
    bind(statement, 1, key);
    bind(statement, 2, static_cast<std::int64_t>(fence));
    sqlite3_step(statement.get());
  }

  bool is_shared() const override { return process_lock_.has_others(); }

 private:
  Result<std::optional<StoredState>> read(const std::string& key) {
    const Statement statement = prepare("SELECT version, record FROM state WHERE key = ?1");
    if (!statement) return failure(broken("read"));
    bind(statement, 1, key);
    const int row = sqlite3_step(statement.get());
    if (row == SQLITE_DONE) return std::optional<StoredState>();
    if (row != SQLITE_ROW) return failure(broken("read"));
    return session::decrypt_record(*cipher_, bytes_in(statement, 1), key, version_in(statement, 0));
  }

  /// Encrypts records of earlier keys with the current key. What fails is tried again by the next
  /// save. [under the lock]
  void reencrypt() {
    const std::string prefix = cipher_->current_prefix();
    if (prefix == current_prefix_) return;
    const Statement statement =
        prepare("SELECT key, version, record FROM state WHERE substr(record, 1, length(?1)) <> ?1");
    if (!statement) return;
    bind_bytes(statement, 1, prefix);
    std::vector<session::OutdatedRecord> outdated;
    int row = SQLITE_ROW;
    while ((row = sqlite3_step(statement.get())) == SQLITE_ROW) {
      outdated.push_back({std::string(bytes_in(statement, 0)), version_in(statement, 1),
                          std::string(bytes_in(statement, 2))});
    }
    const auto all = session::reencrypt(
        *cipher_, outdated,
        [&](const session::OutdatedRecord& record, const std::string& encrypted) {
          return replace(record, encrypted);
        });
    if (row == SQLITE_DONE && all && *all) current_prefix_ = prefix;
  }

  Result<Ok> replace(const session::OutdatedRecord& record, const std::string& encrypted) {
    const Statement statement =
        prepare("UPDATE state SET record = ?3 WHERE key = ?1 AND version = ?2");
    if (!statement) return failure(broken("written"));
    bind(statement, 1, record.key);
    bind(statement, 2, static_cast<std::int64_t>(record.version));
    bind_bytes(statement, 3, encrypted);
    if (sqlite3_step(statement.get()) != SQLITE_DONE) return failure(broken("written"));
    return Ok{};
  }

  Statement prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
    return Statement(statement);
  }

  static void bind(const Statement& statement, int index, const std::string& text) {
    sqlite3_bind_text(statement.get(), index, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
  }

  static void bind(const Statement& statement, int index, std::int64_t number) {
    sqlite3_bind_int64(statement.get(), index, number);
  }

  static void bind_bytes(const Statement& statement, int index, const std::string& bytes) {
    sqlite3_bind_blob(statement.get(), index, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  }

  static std::string_view bytes_in(const Statement& statement, int column) {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), column))};
  }

  static std::uint64_t version_in(const Statement& statement, int column) {
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), column));
  }

  Error broken(const char* what) const {
    const bool busy = sqlite3_errcode(database_.get()) == SQLITE_BUSY;
    Error error = engine_failed(
        std::string("the state file cannot be ") + what + ": " +
            (busy ? "another process has had it locked for 5 s" : sqlite3_errmsg(database_.get())),
        Phase::session, Sent::no);
    error.retryable = busy;
    return error;
  }

  Descriptor folder_;  ///< holds a shared flock: earlier releases take an exclusive one
  ProcessLock process_lock_;
  std::unique_ptr<session::RecordCipher> cipher_;
  Database database_;
  std::mutex mutex_;
  std::string current_prefix_;  ///< of the current key's records, once all records use that key
};

}  // namespace

Result<std::unique_ptr<CredentialStore>> open_sqlite_store(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    std::filesystem::create_directories(folder, error);
    if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error) {
      return failure(engine_failed("the state folder " + folder.string() +
                                       " cannot be made: " + error.message(),
                                   Phase::session, Sent::no));
    }
  }
  const auto refused = [&](const std::string& why) {
    return failure(
        engine_failed("the state folder " + folder.string() + " " + why, Phase::session, Sent::no));
  };
  if (session::is_on_network(folder)) {
    return refused("is on a network file system, where two machines could renew with one "
                   "credential; use a local folder, or a postgresql:// state for replicas");
  }
  Descriptor shared(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (shared.number() < 0) return refused("cannot be opened");
  if (::flock(shared.number(), LOCK_SH | LOCK_NB) != 0) {
    return refused("is in use by a process of an earlier release, which cannot share it; end that "
                   "process first");
  }
  auto process_lock = ProcessLock::open(folder / "penstock.lock");
  if (!process_lock) return failure(engine_failed(process_lock.error(), Phase::session, Sent::no));
  // Several processes may start at once: one creates the key, the database and its tables.
  const auto setup = process_lock->set_up(std::chrono::seconds(10));
  if (!setup) return refused("cannot be opened: " + setup.error());
  auto cipher = session::RecordCipher::open(folder / "state.key");
  if (!cipher) return failure(engine_failed(cipher.error(), Phase::session, Sent::no));
  const std::string file = (folder / "penstock.db").string();
  const mode_t before = ::umask(077);
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(file.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  char* message = nullptr;
  const int made =
      opened != SQLITE_OK
          ? opened
          : sqlite3_exec(
                raw,
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "PRAGMA secure_delete = ON;"
                "CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, version INTEGER NOT NULL,"
                " record BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                "CREATE TABLE IF NOT EXISTS lease(key TEXT PRIMARY KEY, fence INTEGER NOT NULL,"
                " holder INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",
                nullptr, nullptr, &message);
  ::umask(before);
  if (made != SQLITE_OK) {
    const std::string why = message != nullptr ? message : sqlite3_errstr(made);
    sqlite3_free(message);
    return failure(engine_failed("the state file " + file + " cannot be opened: " + why,
                                 Phase::session, Sent::no));
  }
  return std::unique_ptr<CredentialStore>(std::make_unique<SqliteStore>(
      std::move(database), *std::move(cipher), std::move(shared), *std::move(process_lock)));
}

}  // namespace penstock
