#include "dispatch/loop.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/random.h>

#include "dispatch/request.hpp"
#include "session/store_result.hpp"

namespace penstock::dispatch {
namespace {

thread_local Loop* this_threads_loop = nullptr;

constexpr std::uint64_t largest_session_reply = 1U << 20U;

}  // namespace

Loop::Loop(const void* engine, Trouble trouble, std::size_t loops)
    : engine_(engine), trouble_(std::move(trouble)), work_(boost::asio::make_work_guard(context_)),
      client_(std::make_unique<upstream::Client>(context_,
                                                 upstream::Client::Options{.loops = loops})) {}

Loop::~Loop() {
  stop();
  client_.reset();
}

void Loop::start() {
  watch_ = std::make_shared<host::InvocationWatch>();
  const std::scoped_lock lock(mutex_);
  running_ = true;
  // The thread keeps its watch: if it is given up, it is the only thing that it still touches.
  thread_ = start_engine_thread("penstock-loop", engine_, [this, watch = watch_] {
    this_threads_loop = this;
    watch->adopt_this_thread();
    run_loop(context_, trouble_);
    const std::scoped_lock ending(mutex_);
    running_ = false;
    ended_.notify_all();
  });
}

void Loop::replace_thread() {
  {
    const std::scoped_lock lock(mutex_);
    thread_.detach();
  }
  start();
}

void Loop::abort_calls(const Error& error) {
  boost::asio::post(context_, [this, error] {
    closed_with_ = error;
    calls_.for_each([&](LiveCall& call) { call.abort(error); });
  });
}

void Loop::stop() {
  work_.reset();
  context_.stop();
  std::thread thread;
  {
    const std::scoped_lock lock(mutex_);
    thread.swap(thread_);
  }
  if (thread.joinable()) thread.join();
}

bool Loop::halt(std::chrono::milliseconds limit) {
  context_.stop();
  if (this_threads_loop == this) return false;
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, limit, [this] { return !running_; });
}

Loop* Loop::current() noexcept { return this_threads_loop; }

LoopWorld::LoopWorld(Loop& loop, std::shared_ptr<Integration> integration,
                     std::shared_ptr<CredentialStore> store, boost::asio::thread_pool& blocking,
                     const Observers& observers, std::shared_ptr<session::RenewalGate> gate,
                     std::shared_ptr<void> hold)
    : loop_(loop), integration_(std::move(integration)), store_(std::move(store)),
      blocking_(blocking), observers_(observers), gate_(std::move(gate)), hold_(std::move(hold)) {}

std::int64_t LoopWorld::now_unix_ms() { return wall_clock_ms(); }

std::array<std::uint8_t, 32> LoopWorld::entropy() { return fresh_entropy(); }

void LoopWorld::fetch(session::FetchRequest request,
                      std::function<void(Result<session::FetchReply>)> handler) {
  upstream::Request out;
  out.to = destination(request.url, *integration_);
  out.method = std::move(request.method);
  out.target = request.url.path + (request.url.has_query ? "?" + request.url.query : "");
  out.headers = std::move(request.headers);
  out.headers.push_back({"User-Agent", "Penstock/0.1"});
  out.has_body = !request.body.empty() || out.method == "POST";
  out.body = std::move(request.body);
  out.connect_timeout = connect_time_limit(integration_->upstream());
  out.limits = connection_limits(integration_->upstream());
  out.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  out.max_response_bytes = largest_session_reply;
  loop_.client().send(std::move(out), [handler =
                                           std::move(handler)](Result<upstream::Reply> reply) {
    if (!reply) return handler(failure(std::move(reply).error()));
    handler(session::FetchReply{reply->status, std::move(reply->headers), std::move(reply->body)});
  });
}

void LoopWorld::wait(std::chrono::milliseconds time, std::function<void()> handler) {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop_.context(), time);
  timer->async_wait([timer, handler = std::move(handler)](boost::system::error_code error) {
    if (!error) handler();
  });
}

/// Runs `work` where it may block, and gives its result to `handler` on the loop. A store that
/// throws has failed.
template <class Work, class Handler>
void LoopWorld::off_the_loop(Work work, Handler handler) {
  boost::asio::post(blocking_, [work = std::move(work), handler = std::move(handler),
                                &context = loop_.context()] {
    auto result = session::store_result(work);
    boost::asio::post(
        context, [handler, result = std::move(result)]() mutable { handler(std::move(result)); });
  });
}

void LoopWorld::save(std::string key, StoredState state, std::uint64_t fence,
                     std::function<void(Result<std::uint64_t>)> handler) {
  off_the_loop([store = store_, key = std::move(key), state = std::move(state),
                fence] { return store->save(key, state, fence); },
               std::move(handler));
}

void LoopWorld::lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) {
  off_the_loop([store = store_, key = std::move(key)] { return store->lease(key); },
               std::move(handler));
}

void LoopWorld::extend(std::string key, std::uint64_t fence,
                       std::function<void(Result<bool>)> handler) {
  off_the_loop([store = store_, key = std::move(key), fence] { return store->extend(key, fence); },
               std::move(handler));
}

void LoopWorld::release(std::string key, std::uint64_t fence) {
  boost::asio::post(blocking_, [store = store_, key = std::move(key), fence] {
    (void)session::store_result([&]() -> Result<Done> {
      store->release(key, fence);
      return Done{};
    });
  });
}

void LoopWorld::log(const host::Instance& plugin, host::LogText line) {
  log_of_plugin(loop_.trouble(), observers_, plugin, integration_->config().id, std::move(line));
}

void log_of_plugin(const Trouble& trouble, const Observers& observers, const host::Instance& plugin,
                   const std::string& integration_id, host::LogText line) {
  if (observers.empty()) return;
  const auto dropped = plugin.log_limit().admit(wall_clock_ms());
  if (!dropped) return;
  const PluginLog told{plugin.label(), integration_id, line.level, std::move(line.text), *dropped};
  for (const auto& observer : observers)
    run_guarded(trouble, "an observer", [&] { observer->on_plugin_log(told); });
}

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::array<std::uint8_t, 32> fresh_entropy() {
  // Drawn in stock: a system call for each signature would be a sizeable part of it. Handed out
  // once, then wiped.
  thread_local std::array<std::uint8_t, 256> stock{};
  thread_local std::size_t used = stock.size();
  if (used == stock.size()) {
    // Up to 256 bytes never come short (getrandom(2)); without them nothing may be signed.
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

}  // namespace penstock::dispatch
