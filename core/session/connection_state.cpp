#include "session/connection_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "session/stored_record.hpp"

namespace penstock::session {
namespace {

// HR vendors lock an integration user after a few bad passwords: each failed login makes the next
// one wait longer.
constexpr std::array<std::int64_t, 3> delays_after_failure_ms = {5'000, 30'000, 300'000};

host::Connection with_credentials(host::Connection connection,
                                  const std::vector<host::Item>& rotated) {
  for (const host::Item& item : rotated) {
    const auto found = std::ranges::find(connection.fields, item.name, &host::Item::name);
    if (found != connection.fields.end()) found->value = item.value;
  }
  return connection;
}

}  // namespace

ConnectionState::ConnectionState(std::string key, host::Connection configured,
                                 std::optional<StoredState> stored, int format)
    : key_(std::move(key)), configured_(std::move(configured)) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->connection = configured_;
  if (stored) {
    stored_version_ = stored->version;
    if (stored->connection_digest == digest_of(configured_, stored->credentials)) {
      rotated_ = items_of(stored->credentials);
      snapshot->connection = with_credentials(configured_, rotated_);
      if (!stored->session.empty() && stored->session_format == format) {
        snapshot->session = host::State{items_of(stored->session), stored->session_created_ms,
                                        stored->session_expires_ms};
        snapshot->generation = 1;
      }
    }
  }
  current_.store(std::move(snapshot), std::memory_order_release);
}

void ConnectionState::obtain(Need need, const std::shared_ptr<World>& world, Handler handler) {
  std::unique_lock lock(mutex_);
  SnapshotPtr now = current();
  if (now->session && now->generation > need.used_generation) {
    lock.unlock();
    return handler(std::move(now));
  }
  if (!running_ && last_error_ && world->now_unix_ms() < not_before_ms_) {
    Error error = *last_error_;
    error.retry_after = std::chrono::milliseconds(not_before_ms_ - world->now_unix_ms());
    error.message +=
        "; not tried again for " + std::to_string((error.retry_after->count() + 999) / 1000) + " s";
    lock.unlock();
    return handler(failure(std::move(error)));
  }
  handlers_.push_back(std::move(handler));
  if (running_) return;
  running_ = true;
  lock.unlock();
  run(std::move(need), world);
}

void ConnectionState::drop(std::uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  const SnapshotPtr now = current();
  if (running_ || now->generation != generation) return;
  auto without = std::make_shared<Snapshot>(*now);
  without->session.reset();
  current_.store(std::move(without), std::memory_order_release);
}

void ConnectionState::run(Need need, const std::shared_ptr<World>& world) {
  const SnapshotPtr now = current();
  const int format = need.format;
  RenewalStart start{std::move(need.plugin),
                     need.max_fetches,
                     now->connection,
                     now->session,
                     need.challenge ? PST_EV_CHALLENGED : PST_EV_START,
                     std::move(need.challenge)};
  renew(std::move(start), world,
        [self = shared_from_this(), format, world](Result<Renewed> renewed) {
          if (!renewed) return self->fail(std::move(renewed).error(), world);
          self->persist(*std::move(renewed), format, world);
        });
}

void ConnectionState::persist(Renewed renewed, int format, const std::shared_ptr<World>& world) {
  auto fresh = std::make_shared<Snapshot>();
  StoredState state;
  {
    const std::scoped_lock lock(mutex_);
    for (host::Item& item : renewed.credentials) {
      std::erase_if(rotated_, [&](const host::Item& old) { return old.name == item.name; });
      rotated_.push_back(std::move(item));
    }
    fresh->generation = current()->generation + 1;
    fresh->connection = with_credentials(configured_, rotated_);
    fresh->session = std::move(renewed.session);
    state.version = stored_version_;
    state.credentials = fields_of(rotated_);
    state.session = fields_of(fresh->session->items);
    state.session_format = format;
    state.session_created_ms = fresh->session->created_ms;
    state.session_expires_ms = fresh->session->expires_ms;
    state.connection_digest = digest_of(configured_, state.credentials);
  }
  // Durable first: a rotated credential that is used before it is kept is lost with the process.
  world->save(key_, std::move(state),
              [self = shared_from_this(), fresh, world](Result<std::uint64_t> version) {
                if (!version) {
                  Error error = std::move(version).error();
                  error.phase = Phase::session;
                  return self->fail(std::move(error), world);
                }
                {
                  const std::scoped_lock lock(self->mutex_);
                  self->stored_version_ = *version;
                }
                self->succeed(fresh);
              });
}

void ConnectionState::succeed(std::shared_ptr<Snapshot> fresh) {
  const SnapshotPtr published = std::move(fresh);
  current_.store(published, std::memory_order_release);
  std::vector<Handler> waiting;
  {
    const std::scoped_lock lock(mutex_);
    failures_ = 0;
    last_error_.reset();
    waiting = take_handlers();
  }
  for (const Handler& handler : waiting)
    handler(published);
}

void ConnectionState::fail(Error error, const std::shared_ptr<World>& world) {
  std::vector<Handler> waiting;
  {
    const std::scoped_lock lock(mutex_);
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(failures_),
                                            delays_after_failure_ms.size() - 1);
    // A vendor that was not reached has refused nothing: only a moment's rest against a storm of
    // attempts.
    const bool refused = error.origin == Origin::vendor;
    not_before_ms_ = world->now_unix_ms() + (refused ? delays_after_failure_ms[step] : 1'000);
    if (refused) ++failures_;
    last_error_ = error;
    waiting = take_handlers();
  }
  for (const Handler& handler : waiting)
    handler(failure(error));
}

std::vector<ConnectionState::Handler> ConnectionState::take_handlers() {
  running_ = false;
  return std::exchange(handlers_, {});
}

}  // namespace penstock::session
