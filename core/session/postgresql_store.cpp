#include <penstock/credential_store.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include "session/record_codec.hpp"

namespace penstock {
namespace {

struct ConnectionFinish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ResultClear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, ConnectionFinish>;
using Rows = std::unique_ptr<PGresult, ResultClear>;

constexpr const char* find_table = "SELECT to_regclass('penstock_state')";
constexpr const char* make_table =
    "CREATE TABLE IF NOT EXISTS penstock_state("
    " key text PRIMARY KEY, version bigint NOT NULL DEFAULT 0, record bytea,"
    " fence bigint NOT NULL DEFAULT 0, holder_pid integer, holder_start timestamptz,"
    " lease_until timestamptz)";

constexpr const char* try_rights =
    "WITH changed AS (UPDATE penstock_state SET version = version, record = record, fence = fence,"
    " holder_pid = holder_pid, holder_start = holder_start, lease_until = lease_until"
    " WHERE false RETURNING key),"
    " added AS (INSERT INTO penstock_state (key, version, record, fence, holder_pid, holder_start,"
    " lease_until) SELECT key, version, record, fence, holder_pid, holder_start, lease_until"
    " FROM penstock_state WHERE false RETURNING key)"
    " SELECT 1 FROM changed, added";

// The holder of a lease is identified by its backend. A role sees only the pid of another role's
// backend, so a backend with the holder's pid counts as the holder. A backend that exists but does
// not extend its lease may have been stopped while the vendor's response was on its way: its lease
// runs until it expires. A backend that is gone was killed, or has lost its connection and is about
// to reconnect: its lease is free after three missed beats, counted from the server's start if the
// server was down.
constexpr const char* take_lease =
    "INSERT INTO penstock_state AS s (key, fence, holder_pid, holder_start, lease_until)"
    " SELECT $1, 1, pid, backend_start, now() + interval '90 seconds'"
    " FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    " ON CONFLICT (key) DO UPDATE SET fence = s.fence + 1, holder_pid = excluded.holder_pid,"
    " holder_start = excluded.holder_start, lease_until = excluded.lease_until"
    " WHERE s.holder_pid IS NULL OR s.lease_until < now() OR s.holder_pid = excluded.holder_pid"
    " OR (greatest(s.lease_until - interval '90 seconds', pg_postmaster_start_time())"
    "       < now() - interval '3 seconds'"
    "     AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = s.holder_pid"
    "                     AND coalesce(a.backend_start = s.holder_start, true)))"
    " RETURNING fence, version, record";

constexpr const char* extend_lease =
    "UPDATE penstock_state s SET holder_pid = a.pid, holder_start = a.backend_start,"
    " lease_until = now() + interval '90 seconds' FROM pg_stat_activity a"
    " WHERE a.pid = pg_backend_pid() AND s.key = $1 AND s.fence = $2 RETURNING s.fence";

constexpr const char* end_lease =
    "UPDATE penstock_state SET holder_pid = NULL, holder_start = NULL, lease_until = NULL"
    " WHERE key = $1 AND fence = $2";

constexpr const char* read_state = "SELECT version, record FROM penstock_state WHERE key = $1";

// The write itself compares version and fence: a process that lost the lease changes nothing.
constexpr const char* write_leased =
    "UPDATE penstock_state SET record = $3, version = version + 1"
    " WHERE key = $1 AND version = $2 AND fence = $4 RETURNING version";
constexpr const char* write_unleased =
    "INSERT INTO penstock_state AS s (key, version, record) SELECT $1, 1, $3 WHERE $2::bigint = 0"
    " OR EXISTS (SELECT FROM penstock_state WHERE key = $1)"
    " ON CONFLICT (key) DO UPDATE SET record = excluded.record, version = s.version + 1"
    " WHERE s.version = $2::bigint RETURNING version";

constexpr const char* read_outdated =
    "SELECT key, version, record FROM penstock_state"
    " WHERE record IS NOT NULL AND substr(record, 1, length($1::bytea)) <> $1";
constexpr const char* replace_record =
    "UPDATE penstock_state SET record = $3 WHERE key = $1 AND version = $2 AND record = $4";

/// A query parameter, in libpq's text or binary format.
struct Parameter {
  std::string bytes;
  bool binary = false;
};
Parameter text(const std::string& value) { return {value}; }
Parameter number(std::uint64_t value) { return {std::to_string(value)}; }
Parameter binary(std::string value) { return {std::move(value), true}; }

class PostgresqlStore final : public CredentialStore {
 public:
  PostgresqlStore(std::string url, std::unique_ptr<session::RecordCipher> cipher)
      : url_(std::move(url)), cipher_(std::move(cipher)) {}

  Result<Ok> prepare() {
    const std::scoped_lock lock(mutex_);
    auto found = run(find_table, {});
    if (!found) return failure(std::move(found).error());
    // Check first: CREATE TABLE IF NOT EXISTS requires the CREATE privilege even if the table
    // exists.
    if (PQgetisnull(found->get(), 0, 0) != 0) {
      if (auto made = run(make_table, {}); !made) {
        return explained(std::move(made).error(), "create the table, as a role with that right:");
      }
    }
    // Reads and writes without changing anything, so that missing privileges are reported now, not
    // at a renewal.
    if (auto usable = run(try_rights, {}); !usable)
      return explained(std::move(usable).error(),
                       "the table exists, but the role needs the rights of:");
    return reencrypt();
  }

  Result<std::optional<StoredState>> load(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    auto rows = run(read_state, {text(key)});
    if (!rows) return failure(std::move(rows).error());
    if (PQntuples(rows->get()) == 0) return std::optional<StoredState>();
    return state_in(*rows, 0, key);
  }

  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t version = state.version + 1;
    const std::string record = session::encrypt_record(*cipher_, state, key, version);
    const auto write = [&] {
      return fence == 0
                 ? run_once(write_unleased, {text(key), number(state.version), binary(record)})
                 : run_once(write_leased,
                            {text(key), number(state.version), binary(record), number(fence)});
    };
    auto written = write();
    if (!written) {
      // The response may have been lost after the write took effect: read the record to find out.
      auto rows = run(read_state, {text(key)});
      if (!rows) return failure(std::move(rows).error());
      if (PQntuples(rows->get()) == 1 && column(*rows, 1) == record) return version;
      written = write();
      if (!written) return failure(std::move(written).error());
    }
    if (PQntuples(written->get()) == 1) return version;
    return failure(engine_failed("the stored state of " + key + " was changed by another replica",
                                 Phase::session, Sent::no));
  }

  Result<std::optional<Lease>> lease(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    auto rows = run(take_lease, {text(key)});
    if (!rows) return failure(std::move(rows).error());
    if (PQntuples(rows->get()) == 0) return std::optional<Lease>();
    auto state = state_in(*rows, 1, key);
    if (!state) return failure(std::move(state).error());
    return std::optional<Lease>({integer(*rows, 0), *std::move(state)});
  }

  Result<bool> extend(const std::string& key, std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    auto rows = run(extend_lease, {text(key), number(fence)});
    if (!rows) return failure(std::move(rows).error());
    return PQntuples(rows->get()) == 1;
  }

  void release(const std::string& key, std::uint64_t fence) override {
    const std::scoped_lock lock(mutex_);
    (void)run(end_lease, {text(key), number(fence)});  // an unreleased lease expires
  }

  bool is_shared() const override { return true; }

 private:
  /// A startup error, with the SQL statements that would fix it.
  Failure<Error> explained(Error error, const char* what) {
    // connection lost: privileges are not the problem
    if (!connection_) return failure(std::move(error));
    std::string role = "your_role";
    if (PQuser(connection_.get()) != nullptr) role = PQuser(connection_.get());
    error.message += "\n" + std::string(what) + "\n  " + make_table +
                     ";\n  GRANT SELECT, INSERT, UPDATE ON penstock_state TO \"" + role + "\";";
    return failure(std::move(error));
  }

  /// Encrypts records of earlier keys with the current key.
  Result<Ok> reencrypt() {
    auto rows = run(read_outdated, {binary(cipher_->current_prefix())});
    if (!rows) return failure(std::move(rows).error());
    std::vector<session::OutdatedRecord> outdated;
    for (int row = 0; row < PQntuples(rows->get()); ++row) {
      outdated.push_back({std::string(column(*rows, 0, row)), integer(*rows, 1, row),
                          std::string(column(*rows, 2, row))});
    }
    auto all = session::reencrypt(
        *cipher_, outdated,
        [&](const session::OutdatedRecord& record, const std::string& encrypted) -> Result<Ok> {
          auto replaced = run(replace_record, {text(record.key), number(record.version),
                                               binary(encrypted), binary(record.encrypted)});
          if (!replaced) return failure(std::move(replaced).error());
          return Ok{};
        });
    if (!all) return failure(std::move(all).error());
    return Ok{};
  }

  /// Repeats the statement over a new connection if the current one was lost. Only for statements
  /// that may run twice.
  Result<Rows> run(const char* sql, const std::vector<Parameter>& parameters) {
    auto rows = run_once(sql, parameters);
    if (rows || (connection_ && PQstatus(connection_.get()) == CONNECTION_OK)) return rows;
    return run_once(sql, parameters);
  }

  Result<Rows> run_once(const char* sql, const std::vector<Parameter>& parameters) {
    if (auto connected = connect(); !connected) return failure(std::move(connected).error());
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const Parameter& parameter : parameters) {
      values.push_back(parameter.bytes.data());
      lengths.push_back(static_cast<int>(parameter.bytes.size()));
      formats.push_back(parameter.binary ? 1 : 0);
    }
    Rows rows(PQexecParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr,
                           values.data(), lengths.data(), formats.data(), 1));
    const ExecStatusType status = PQresultStatus(rows.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
    Error error = broken();
    if (PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
    return failure(std::move(error));
  }

  Result<Ok> connect() {
    if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) return Ok{};
    const std::array<const char*, 8> names = {
        "dbname",          "application_name", "connect_timeout",  "options",
        "keepalives_idle", "keepalives_count", "tcp_user_timeout", nullptr};
    const std::array<const char*, 8> values = {
        url_.c_str(), "penstock", "5",     "-c statement_timeout=5000 -c client_min_messages=error",
        "5",          "3",        "10000", nullptr};
    connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (PQstatus(connection_.get()) == CONNECTION_OK) return Ok{};
    Error error = broken();
    connection_.reset();
    return failure(std::move(error));
  }

  Error broken() const {
    std::string why = PQerrorMessage(connection_.get());
    while (!why.empty() && why.back() == '\n')
      why.pop_back();
    Error error =
        engine_failed("the state in PostgreSQL cannot be used: " + why, Phase::session, Sent::no);
    error.retryable = true;
    return error;
  }

  static std::string_view column(const Rows& rows, int index, int row = 0) {
    return {PQgetvalue(rows.get(), row, index),
            static_cast<std::size_t>(PQgetlength(rows.get(), row, index))};
  }

  /// Decodes a bigint in binary format: eight bytes, big-endian.
  static std::uint64_t integer(const Rows& rows, int index, int row = 0) {
    std::uint64_t out = 0;
    for (const char byte : column(rows, index, row))
      out = out << 8U | static_cast<unsigned char>(byte);
    return out;
  }

  /// Decrypts the record of row 0: the version is in column `index`, the record in the next one.
  /// None if it was never saved.
  Result<std::optional<StoredState>> state_in(const Rows& rows, int index, const std::string& key) {
    if (PQgetisnull(rows.get(), 0, index + 1) != 0) return std::optional<StoredState>();
    return session::decrypt_record(*cipher_, column(rows, index + 1), key, integer(rows, index));
  }

  const std::string url_;
  const std::unique_ptr<session::RecordCipher> cipher_;
  std::mutex mutex_;
  Connection connection_;
};

}  // namespace

Result<std::unique_ptr<CredentialStore>> open_postgresql_store(const std::string& url) {
  auto cipher = session::RecordCipher::from_environment();
  if (!cipher) return failure(engine_failed(cipher.error(), Phase::session, Sent::no));
  auto store = std::make_unique<PostgresqlStore>(url, *std::move(cipher));
  if (auto made = store->prepare(); !made) return failure(std::move(made).error());
  return std::unique_ptr<CredentialStore>(std::move(store));
}

}  // namespace penstock
