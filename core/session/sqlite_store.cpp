#include <penstock/credential_store.hpp>

#include <cstring>
#include <mutex>

#include <sqlite3.h>
#include <sys/stat.h>

#include "session/stored_record.hpp"

namespace penstock {
namespace {

struct DatabaseClose {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct StatementFinalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, DatabaseClose>;
using Statement = std::unique_ptr<sqlite3_stmt, StatementFinalize>;

class SqliteStore final : public CredentialStore {
 public:
  explicit SqliteStore(Database database) : database_(std::move(database)) {}

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
    auto state = session::from_record({bytes, length});
    if (!state)
      return failure(engine_failed(state.error() + " (" + key + ")", Phase::session, Sent::no));
    state->version = static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), 0));
    return std::optional<StoredState>(*std::move(state));
  }

  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t) override {
    const std::scoped_lock lock(mutex_);
    // One statement: it is its own transaction, and the version is compared in it.
    const Statement statement = prepare(
        "INSERT INTO state(key, version, record) SELECT ?1, ?2 + 1, ?3 "
        "WHERE coalesce((SELECT version FROM state WHERE key = ?1), 0) = ?2 "
        "ON CONFLICT(key) DO UPDATE SET version = excluded.version, record = excluded.record");
    if (!statement) return failure(broken("written"));
    std::string record = session::to_record(state);
    bind(statement, 1, key);
    sqlite3_bind_int64(statement.get(), 2, static_cast<sqlite3_int64>(state.version));
    sqlite3_bind_blob(statement.get(), 3, record.data(), static_cast<int>(record.size()),
                      SQLITE_STATIC);
    const int done = sqlite3_step(statement.get());
    const int changed = sqlite3_changes(database_.get());
    explicit_bzero(record.data(), record.size());
    if (done != SQLITE_DONE) return failure(broken("written"));
    if (changed == 0) {
      return failure(engine_failed("the stored state of " + key + " was changed by somebody else",
                                   Phase::session, Sent::no));
    }
    return state.version + 1;
  }

 private:
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

  Database database_;
  std::mutex mutex_;
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
  return std::unique_ptr<CredentialStore>(std::make_unique<SqliteStore>(std::move(database)));
}

}  // namespace penstock
