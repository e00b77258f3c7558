#include "runtime/loop_environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/random.h>

#include "base/user_agent.hpp"
#include "runtime/upstream_settings.hpp"
#include "session/store_result.hpp"

namespace penstock::runtime {
namespace {

constexpr std::uint64_t max_session_response = 1U << 20U;

}  // namespace

LoopEnvironment::LoopEnvironment(Loop& loop, std::shared_ptr<Integration> integration,
                                 std::shared_ptr<CredentialStore> store,
                                 boost::asio::thread_pool& blocking, const Observers& observers,
                                 std::shared_ptr<session::RenewalGate> gate,
                                 std::shared_ptr<void> keep_alive)
    : loop_(loop), integration_(std::move(integration)), store_(std::move(store)),
      blocking_(blocking), observers_(observers), gate_(std::move(gate)),
      keep_alive_(std::move(keep_alive)) {}

std::int64_t LoopEnvironment::now_unix_ms() { return wall_clock_ms(); }

std::array<std::uint8_t, 32> LoopEnvironment::entropy() { return fresh_entropy(); }

void LoopEnvironment::fetch(session::FetchRequest request,
                            std::function<void(Result<session::FetchResponse>)> handler) {
  upstream::Request out;
  out.to = destination(request.url, *integration_);
  out.method = std::move(request.method);
  out.target = request.url.target();
  out.headers = std::move(request.headers);
  out.headers.add("User-Agent", user_agent);
  out.has_body = !request.body.empty() || out.method == "POST";
  out.body = std::move(request.body);
  out.connect_timeout = connect_time_limit(integration_->upstream());
  out.limits = connection_limits(integration_->upstream());
  out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  out.max_response_bytes = max_session_response;
  loop_.client().send(
      std::move(out), [handler = std::move(handler)](Result<upstream::Response> response) {
        if (!response) return handler(failure(std::move(response).error()));
        handler(session::FetchResponse{response->status, std::move(response->headers),
                                       std::move(response->body)});
      });
}

void LoopEnvironment::wait(std::chrono::milliseconds time, std::function<void()> handler) {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop_.context(), time);
  timer->async_wait([timer, handler = std::move(handler)](boost::system::error_code error) {
    if (!error) handler();
  });
}

/// Runs `work` on the blocking pool, and passes its result to `handler` on the loop. An exception
/// of the store becomes an error.
template <class Work, class Handler>
void LoopEnvironment::run_blocking(Work work, Handler handler) {
  boost::asio::post(blocking_, [work = std::move(work), handler = std::move(handler),
                                &context = loop_.context()] {
    auto result = session::store_result(work);
    boost::asio::post(
        context, [handler, result = std::move(result)]() mutable { handler(std::move(result)); });
  });
}

void LoopEnvironment::save(std::string key, StoredState state, std::uint64_t fence,
                           std::function<void(Result<std::uint64_t>)> handler) {
  run_blocking([store = store_, key = std::move(key), state = std::move(state),
                fence] { return store->save(key, state, fence); },
               std::move(handler));
}

void LoopEnvironment::lease(std::string key,
                            std::function<void(Result<std::optional<Lease>>)> handler) {
  run_blocking([store = store_, key = std::move(key)] { return store->lease(key); },
               std::move(handler));
}

void LoopEnvironment::extend(std::string key, std::uint64_t fence,
                             std::function<void(Result<bool>)> handler) {
  run_blocking([store = store_, key = std::move(key), fence] { return store->extend(key, fence); },
               std::move(handler));
}

void LoopEnvironment::release(std::string key, std::uint64_t fence) {
  boost::asio::post(blocking_, [store = store_, key = std::move(key), fence] {
    (void)session::store_result([&]() -> Result<Ok> {
      store->release(key, fence);
      return Ok{};
    });
  });
}

void LoopEnvironment::log(const host::Instance& plugin, host::LogText line) {
  log_of_plugin(loop_.report_error(), observers_, plugin, integration_->config().id,
                std::move(line));
}

void log_of_plugin(const ErrorReporter& report_error, const Observers& observers,
                   const host::Instance& plugin, const std::string& integration_id,
                   host::LogText line) {
  if (observers.empty()) return;
  const auto dropped = plugin.log_limit().admit(wall_clock_ms());
  if (!dropped) return;
  const PluginLog told{plugin.label(), integration_id, line.level, std::move(line.text), *dropped};
  for (const auto& observer : observers)
    run_guarded(report_error, "an observer", [&] { observer->on_plugin_log(told); });
}

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::array<std::uint8_t, 32> fresh_entropy() {
  // Drawn in batches: a system call per signature would be a sizeable part of its cost. Each byte
  // is handed out once, then wiped.
  thread_local std::array<std::uint8_t, 256> stock{};
  thread_local std::size_t used = stock.size();
  if (used == stock.size()) {
    // Requests of up to 256 bytes never come back short (getrandom(2)). Without random bytes,
    // nothing may be signed.
    if (::getrandom(stock.data(), stock.size(), 0) != static_cast<ssize_t>(stock.size()))
      std::abort();
    used = 0;
  }
  std::array<std::uint8_t, 32> bytes{};
  std::copy_n(stock.begin() + static_cast<std::ptrdiff_t>(used), bytes.size(), bytes.begin());
  explicit_bzero(stock.data() + used, bytes.size());
  used += bytes.size();
  return bytes;
}

}  // namespace penstock::runtime
