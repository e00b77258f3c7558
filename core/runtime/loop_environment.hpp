#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>
#include <penstock/observer.hpp>

#include "runtime/integration.hpp"
#include "runtime/loop.hpp"
#include "session/environment.hpp"
#include "session/renewal_gate.hpp"

namespace penstock::runtime {

using Observers = std::vector<std::shared_ptr<Observer>>;

/// Passes a plugin's log line, with secrets already redacted, to the observers, within the plugin's
/// log limit. An exception of one observer stops neither the others nor the call.
void log_of_plugin(const ErrorReporter& report_error, const Observers& observers,
                   const host::Instance& plugin, const std::string& integration_id,
                   host::LogText line);

/// The environment of one integration's renewals, on one loop.
class LoopEnvironment final : public session::Environment {
 public:
  /// `blocking` runs work that may block: durable writes. `keep_alive` is kept alive as long as
  /// this environment, and keeps the observers alive.
  LoopEnvironment(Loop& loop, std::shared_ptr<Integration> integration,
                  std::shared_ptr<CredentialStore> store, boost::asio::thread_pool& blocking,
                  const Observers& observers, std::shared_ptr<session::RenewalGate> gate,
                  std::shared_ptr<void> keep_alive);

  std::int64_t now_unix_ms() override;
  std::array<std::uint8_t, 32> entropy() override;
  void fetch(session::FetchRequest request,
             std::function<void(Result<session::FetchResponse>)> handler) override;
  void wait(std::chrono::milliseconds time, std::function<void()> handler) override;
  std::shared_ptr<void> begin_exchange() override { return gate_->enter(); }
  void save(std::string key, StoredState state, std::uint64_t fence,
            std::function<void(Result<std::uint64_t>)> handler) override;
  void lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) override;
  void extend(std::string key, std::uint64_t fence,
              std::function<void(Result<bool>)> handler) override;
  void release(std::string key, std::uint64_t fence) override;
  void log(const host::Instance& plugin, host::LogText line) override;

 private:
  template <class Work, class Handler>
  void run_blocking(Work work, Handler handler);

  Loop& loop_;
  std::shared_ptr<Integration> integration_;
  std::shared_ptr<CredentialStore> store_;
  boost::asio::thread_pool& blocking_;
  const Observers& observers_;
  std::shared_ptr<session::RenewalGate> gate_;
  std::shared_ptr<void> keep_alive_;
};

/// Wall-clock time in Unix ms. For tokens and signatures only.
std::int64_t wall_clock_ms();

/// Fresh random bytes from the system.
std::array<std::uint8_t, 32> fresh_entropy();

}  // namespace penstock::runtime
