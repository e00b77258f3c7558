#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <penstock/error.hpp>

#include "host/invocation_watch.hpp"
#include "runtime/engine_thread.hpp"
#include "runtime/live_calls.hpp"
#include "upstream/client.hpp"

namespace penstock::runtime {

/// One io_context and its thread, with the vendor connections that its calls share.
class Loop {
 public:
  /// `engine` tags its threads for is_thread_of(). `loops`: how many loops share the connection
  /// limits.
  Loop(const void* engine, ErrorReporter report_error, std::size_t loops = 1);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Abandons the thread, which will not come back, and continues with a new one. [watchdog]
  void replace_thread();

  /// Ends every current and future call with `error`, each once. [any-thread]
  void abort_calls(const Error& error);
  /// Ends the thread; pending work is dropped. Idempotent. [not on the loop]
  void stop();

  /// Stops the loop for exit(): no handler runs afterwards. False: the thread did not end within
  /// `limit`, or this is that thread. [any-thread]
  bool halt(std::chrono::milliseconds limit);
  /// Closes the vendor connections. Call it after halt().
  void close_connections() { client_.reset(); }

  boost::asio::io_context& context() { return context_; }
  upstream::Client& client() { return *client_; }
  const ErrorReporter& report_error() const { return report_error_; }

  // The following are used on the loop only.

  LiveCalls& calls() { return calls_; }
  /// The error that every new call ends with; none: the loop accepts calls.
  const std::optional<Error>& closed_with() const { return closed_with_; }

  /// The invocation watch of the current thread. [watchdog]
  std::shared_ptr<host::InvocationWatch> watch() const { return watch_; }

  /// The loop whose thread this is; null on other threads.
  static Loop* current() noexcept;

 private:
  const void* engine_;
  ErrorReporter report_error_;
  LiveCalls calls_;
  std::optional<Error> closed_with_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<upstream::Client> client_;
  std::shared_ptr<host::InvocationWatch> watch_;

  std::mutex mutex_;  ///< guards the members below
  std::condition_variable ended_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace penstock::runtime
