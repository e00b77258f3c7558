#include "session/replaced_session.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

#include "session/login_exchange.hpp"

namespace penstock::session {
namespace {

constexpr std::chrono::milliseconds check_interval{250};
constexpr std::int64_t max_use_ms = 300'000;

struct ReplacedSession {
  std::weak_ptr<const Snapshot> users;
  std::shared_ptr<const host::Instance> plugin;
  host::SessionKey key;
  host::Connection connection;
  host::SessionState session;
  std::int64_t replaced_ms;
};

void check_later(ReplacedSession replaced, const std::shared_ptr<Environment>& environment) {
  environment->wait(check_interval, [replaced = std::move(replaced), environment]() mutable {
    if (!replaced.users.expired() && environment->now_unix_ms() < replaced.replaced_ms + max_use_ms)
      return check_later(std::move(replaced), environment);
    logout(*replaced.plugin, replaced.key, replaced.connection, replaced.session, environment,
           [] {});
  });
}

}  // namespace

void logout_when_unused(const SnapshotPtr& replaced, std::shared_ptr<const host::Instance> plugin,
                        const host::SessionKey& key,
                        const std::shared_ptr<Environment>& environment) {
  check_later({replaced, std::move(plugin), key, replaced->connection, *replaced->session,
               environment->now_unix_ms()},
              environment);
}

}  // namespace penstock::session
