#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "dispatch/integration.hpp"
#include "session/renewal_gate.hpp"
#include "session/world.hpp"
#include "upstream/client.hpp"

namespace penstock::dispatch {

/// One io_context and its thread, with the vendor connections that its calls share.
class Loop {
 public:
  /// `loops`: how many share the limits on connections.
  explicit Loop(std::size_t loops = 1);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Ends the thread; what is still pending is dropped. Idempotent.
  void stop();

  boost::asio::io_context& context() { return context_; }
  upstream::Client& client() { return *client_; }

  /// The loop whose thread this is; null on other threads.
  static Loop* current() noexcept;

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<upstream::Client> client_;
  std::thread thread_;
};

/// What the session runs of one integration see of the world, on one loop.
class LoopWorld final : public session::World {
 public:
  /// `blocking` runs what may block: durable writes. `hold` is kept as long as this world.
  LoopWorld(Loop& loop, std::shared_ptr<Integration> integration,
            std::shared_ptr<CredentialStore> store, boost::asio::thread_pool& blocking,
            std::shared_ptr<session::RenewalGate> gate, std::shared_ptr<void> hold);

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

 private:
  template <class Work, class Handler>
  void off_the_loop(Work work, Handler handler);

  Loop& loop_;
  std::shared_ptr<Integration> integration_;
  std::shared_ptr<CredentialStore> store_;
  boost::asio::thread_pool& blocking_;
  std::shared_ptr<session::RenewalGate> gate_;
  std::shared_ptr<void> hold_;
};

/// Wall clock, for tokens and signatures only.
std::int64_t wall_clock_ms();

/// Fresh bytes from the system.
std::array<std::uint8_t, 32> fresh_entropy();

}  // namespace penstock::dispatch
