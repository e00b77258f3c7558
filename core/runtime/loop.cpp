#include "runtime/loop.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace penstock::runtime {
namespace {

thread_local Loop* this_threads_loop = nullptr;

}  // namespace

Loop::Loop(const void* engine, ErrorReporter report_error, std::size_t loops)
    : engine_(engine), report_error_(std::move(report_error)),
      work_(boost::asio::make_work_guard(context_)),
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
  // The thread shares ownership of its watch: an abandoned thread touches nothing else.
  thread_ = start_engine_thread("penstock-loop", engine_, [this, watch = watch_] {
    this_threads_loop = this;
    watch->adopt_this_thread();
    run_loop(context_, report_error_);
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

}  // namespace penstock::runtime
