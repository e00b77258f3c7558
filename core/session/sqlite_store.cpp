#include <penstock/credential_store.hpp>

#include <cstring>
#include <mutex>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/stored_record.hpp"
#include "session/vault.hpp"

namespace penstock {
namespace {

struct DatabaseClose {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct StatementFinalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
/// A file descriptor of one's own.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

using Database = std::unique_ptr<sqlite3, DatabaseClose>;
using Statement = std::unique_ptr<sqlite3_stmt, StatementFinalize>;

class SqliteStore final : public CredentialStore {
 public:
  SqliteStore(Database database, std::unique_ptr<session::Vault> vault, Descriptor folder)
      : folder_(std::move(folder)), vault_(std::move(vault)), database_(std::move(database)) {}

  Result<std::optional<StoredState>> load(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    const Statement statement = prepare("SELECT version, record FROM state WHERE key = ?1");
    if (!statement) return failure(broken("read"));
    bind(statement, 1, key);
    const int row = sqlite3_step(statement.get());
    if (row == SQLITE_DONE) return std::optional<StoredState>();
    if (row != SQLITE_ROW) return failure(broken("read"));
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement.get(), 1));
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), 1));
    const auto version = static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), 0));
    auto state = session::open_record(*vault_, {bytes, length}, key, version);
    if (!state) return failure(std::move(state).error());
    return std::optional<StoredState>(*std::move(state));
  }

  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t) override {
    const std::scoped_lock lock(mutex_);
    reseal();
    // One statement: it is its own transaction, and the version is compared in it.
    const Statement statement = prepare(
        "INSERT INTO state(key, version, record) SELECT ?1, ?2 + 1, ?3 "
        "WHERE coalesce((SELECT version FROM state WHERE key = ?1), 0) = ?2 "
        "ON CONFLICT(key) DO UPDATE SET version = excluded.version, record = excluded.record");
    if (!statement) return failure(broken("written"));
    const std::string record = session::seal_record(*vault_, state, key, state.version + 1);
    bind(statement, 1, key);
    sqlite3_bind_int64(statement.get(), 2, static_cast<sqlite3_int64>(state.version));
    sqlite3_bind_blob(statement.get(), 3, record.data(), static_cast<int>(record.size()),
                      SQLITE_STATIC);
    const int done = sqlite3_step(statement.get());
    const int changed = sqlite3_changes(database_.get());
    if (done != SQLITE_DONE) return failure(broken("written"));
    if (changed == 0) {
      return failure(engine_failed("the stored state of " + key + " was changed by somebody else",
                                   Phase::session, Sent::no));
    }
    return state.version + 1;
  }

  /// Seals with the present key what an earlier one sealed. [under the lock]
  void reseal() {
    const std::string probe = vault_->seal({}, {});
    const std::string id = probe.substr(0, session::sealed_head_size);
    if (id == sealed_with_) return;
    const Statement old =
        prepare("SELECT key, version, record FROM state WHERE substr(record, 1, ?1) <> ?2");
    if (!old) return;
    sqlite3_bind_int(old.get(), 1, static_cast<int>(id.size()));
    sqlite3_bind_blob(old.get(), 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    bool all = true;
    while (sqlite3_step(old.get()) == SQLITE_ROW) {
      const auto text = [&](int column) {
        return std::string(static_cast<const char*>(sqlite3_column_blob(old.get(), column)),
                           static_cast<std::size_t>(sqlite3_column_bytes(old.get(), column)));
      };
      const std::string key = text(0);
      const auto version = static_cast<std::uint64_t>(sqlite3_column_int64(old.get(), 1));
      const auto plain = vault_->unseal(text(2), {key, version});
      if (!plain || !put(key, version, vault_->seal(plain->reveal(), {key, version}))) all = false;
    }
    if (all) sealed_with_ = id;
  }

 private:
  bool put(const std::string& key, std::uint64_t version, const std::string& record) {
    const Statement statement =
        prepare("UPDATE state SET record = ?3 WHERE key = ?1 AND version = ?2");
    if (!statement) return false;
    bind(statement, 1, key);
    sqlite3_bind_int64(statement.get(), 2, static_cast<sqlite3_int64>(version));
    sqlite3_bind_blob(statement.get(), 3, record.data(), static_cast<int>(record.size()),
                      SQLITE_STATIC);
    return sqlite3_step(statement.get()) == SQLITE_DONE;
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

  Error broken(const char* what) const {
    return engine_failed(std::string("the state file cannot be ") + what + ": " +
                             sqlite3_errmsg(database_.get()),
                         Phase::session, Sent::no);
  }

  Descriptor folder_;  ///< with the lock on it
  std::unique_ptr<session::Vault> vault_;
  Database database_;
  std::mutex mutex_;
  std::string sealed_with_;  ///< how records of the present key begin, once all are such
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
  // A second process would renew with credentials that the first one has used up.
  Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.number() < 0 || ::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return failure(engine_failed("the state folder " + folder.string() +
                                     (lock.number() < 0 ? " cannot be opened"
                                                        : " is in use by another process; replicas "
                                                          "share a postgresql:// state"),
                                 Phase::session, Sent::no));
  }
  auto vault = session::Vault::open(folder / "state.key");
  if (!vault) return failure(engine_failed(vault.error(), Phase::session, Sent::no));
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
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;"
                "PRAGMA secure_delete = ON;"
                "CREATE TABLE IF NOT EXISTS state(key TEXT PRIMARY KEY, version INTEGER NOT NULL,"
                " record BLOB NOT NULL) STRICT, WITHOUT ROWID",
                nullptr, nullptr, &message);
  ::umask(before);
  if (made != SQLITE_OK) {
    const std::string why = message != nullptr ? message : sqlite3_errstr(made);
    sqlite3_free(message);
    return failure(engine_failed("the state file " + file + " cannot be opened: " + why,
                                 Phase::session, Sent::no));
  }
  return std::unique_ptr<CredentialStore>(
      std::make_unique<SqliteStore>(std::move(database), *std::move(vault), std::move(lock)));
}

}  // namespace penstock
