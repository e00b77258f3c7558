#include "engine/exit_guard.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <unistd.h>

namespace penstock::engine {
namespace {

/// Never destroyed: it is used while static objects are destroyed.
struct Registry {
  std::mutex mutex;  ///< never released by the exiting thread
  std::vector<const std::function<void()>*> ends;
  std::atomic<bool> exiting{false};
  std::thread::id exiting_thread;
  pid_t process = ::getpid();
};

Registry& registry() {
  static auto* const one = new Registry;
  return *one;
}

void on_exit() {
  Registry& all = registry();
  // A forked child has no engine threads and no engine to end, and the mutex may be locked there.
  if (::getpid() != all.process) return;
  all.mutex.lock();
  all.exiting_thread = std::this_thread::get_id();
  all.exiting = true;
  for (const auto* end : all.ends)
    (*end)();
}

/// The exiting thread holds the registry's mutex and never releases it.
bool on_exiting_thread() {
  const Registry& all = registry();
  return all.exiting && all.exiting_thread == std::this_thread::get_id();
}

}  // namespace

ExitGuard::ExitGuard(std::function<void()> end) : end_(std::move(end)) {
  // Exit handlers run in reverse order: OpenSSL's and libcurl's must be registered before ours.
  static const bool registered = [] {
    OPENSSL_init_ssl(0, nullptr);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return std::atexit(on_exit) == 0;
  }();
  (void)registered;
  const std::scoped_lock lock(registry().mutex);
  registry().ends.push_back(&end_);
}

void ExitGuard::replace(std::function<void()> end) {
  if (on_exiting_thread()) return;
  const std::scoped_lock lock(registry().mutex);
  end_ = std::move(end);
}

ExitGuard::~ExitGuard() {
  if (on_exiting_thread()) return;
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  std::erase(all.ends, &end_);
}

}  // namespace penstock::engine
