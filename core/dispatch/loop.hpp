#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <penstock/observer.hpp>

#include "dispatch/engine_thread.hpp"
#include "dispatch/integration.hpp"
#include "dispatch/live_calls.hpp"
#include "host/invocation_watch.hpp"
#include "session/renewal_gate.hpp"
#include "session/world.hpp"
#include "upstream/client.hpp"

namespace penstock::dispatch {

/// One io_context and its thread, with the vendor connections that its calls share.
class Loop {
 public:
  /// `engine` marks its threads: is_thread_of(). `loops`: how many share the limits on connections.
  Loop(const void* engine, Trouble trouble, std::size_t loops = 1);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Gives up the thread, which will not come back, and goes on with another. [watchdog]
  void replace_thread();

  /// Ends every call that has begun or will begin with that error, each once. [any-thread]
  void abort_calls(const Error& error);
  /// Ends the thread; what is still pending is dropped. Idempotent. [not on the loop]
  void stop();

  /// Brings the loop to a halt for exit(): no handler runs after it. False: the thread did not end
  /// within `limit`, or this is the thread. [any-thread]
  bool halt(std::chrono::milliseconds limit);
  /// Closes the vendor connections, after halt().
  void close_connections() { client_.reset(); }

  boost::asio::io_context& context() { return context_; }
  upstream::Client& client() { return *client_; }
  const Trouble& trouble() const { return trouble_; }

  // On the loop.

  LiveCalls& calls() { return calls_; }
  /// What every new call ends with; none: the loop takes calls.
  const std::optional<Error>& closed_with() const { return closed_with_; }

  /// Of the present thread. [watchdog]
  std::shared_ptr<host::InvocationWatch> watch() const { return watch_; }

  /// The loop whose thread this is; null on other threads.
  static Loop* current() noexcept;

 private:
  const void* engine_;
  Trouble trouble_;
  LiveCalls calls_;
  std::optional<Error> closed_with_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<upstream::Client> client_;
  std::shared_ptr<host::InvocationWatch> watch_;

  std::mutex mutex_;  ///< of what follows
  std::condition_variable ended_;
  bool running_ = false;
  std::thread thread_;
};

using Observers = std::vector<std::shared_ptr<Observer>>;

/// Gives the observers what a plugin logs, secrets masked, unless it is too much. One that throws
/// keeps neither the others nor the call from going on.
void log_of_plugin(const Trouble& trouble, const Observers& observers, const host::Instance& plugin,
                   const std::string& integration_id, host::LogText line);

/// What the session runs of one integration see of the world, on one loop.
class LoopWorld final : public session::World {
 public:
  /// `blocking` runs what may block: durable writes. `hold` is kept as long as this world, and
  /// keeps the observers.
  LoopWorld(Loop& loop, std::shared_ptr<Integration> integration,
            std::shared_ptr<CredentialStore> store, boost::asio::thread_pool& blocking,
            const Observers& observers, std::shared_ptr<session::RenewalGate> gate,
            std::shared_ptr<void> hold);

  std::int64_t now_unix_ms() override;
  std::array<std::uint8_t, 32> entropy() override;
  void fetch(session::FetchRequest request,
             std::function<void(Result<session::FetchReply>)> handler) override;
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
  void off_the_loop(Work work, Handler handler);

  Loop& loop_;
  std::shared_ptr<Integration> integration_;
  std::shared_ptr<CredentialStore> store_;
  boost::asio::thread_pool& blocking_;
  const Observers& observers_;
  std::shared_ptr<session::RenewalGate> gate_;
  std::shared_ptr<void> hold_;
};

/// Wall clock, for tokens and signatures only.
std::int64_t wall_clock_ms();

/// Fresh bytes from the system.
std::array<std::uint8_t, 32> fresh_entropy();

}  // namespace penstock::dispatch
