#include "host/crash_report.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string_view>

#include <unistd.h>

#include <penstock/crash_report.hpp>

#include "host/running_function.hpp"

namespace penstock {
namespace {

using host::RunningFunction;

struct Watched {
  int number;
  std::string_view name;
};
constexpr std::array watched = {Watched{SIGSEGV, "SIGSEGV"}, Watched{SIGBUS, "SIGBUS"},
                                Watched{SIGFPE, "SIGFPE"}, Watched{SIGILL, "SIGILL"},
                                Watched{SIGABRT, "SIGABRT"}};

std::array<struct sigaction, watched.size()> before;  ///< the previous signal actions; set once
std::atomic<bool> enabled{false};

/// Builds and writes a line without allocating: a signal handler may only call async-signal-safe
/// functions.
class Line {
 public:
  void add(std::string_view text) noexcept {
    const std::size_t size = std::min(text.size(), text_.size() - used_);
    std::copy_n(text.data(), size, text_.data() + used_);
    used_ += size;
  }

  /// Leaves out what a JSON string may not contain, and what is not ASCII.
  void add_value(std::string_view text) noexcept {
    for (const char c : text.substr(0, 128)) {
      if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') add({&c, 1});
    }
  }

  void add_number(std::int64_t value, std::size_t digits) noexcept {
    std::array<char, 20> text{};
    for (std::size_t i = digits; i-- > 0; value /= 10)
      text[i] = static_cast<char>('0' + value % 10);
    add({text.data(), digits});
  }

  /// "2026-11-28T03:41:54.000Z". Not gmtime_r(), which may lock.
  void add_time() noexcept {
    struct timespec now {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t second = now.tv_sec % 86400;
    const std::chrono::year_month_day date(
        std::chrono::sys_days(std::chrono::days(now.tv_sec / 86400)));
    add_number(int{date.year()}, 4);
    add("-");
    add_number(unsigned{date.month()}, 2);
    add("-");
    add_number(unsigned{date.day()}, 2);
    add("T");
    add_number(second / 3600, 2);
    add(":");
    add_number(second / 60 % 60, 2);
    add(":");
    add_number(second % 60, 2);
    add(".");
    add_number(now.tv_nsec / 1'000'000, 3);
    add("Z");
  }

  void write() noexcept {
    add("\n");
    std::string_view rest(text_.data(), used_);
    while (!rest.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  std::array<char, 1024> text_{};
  std::size_t used_ = 0;
};

void report(const RunningFunction& running, std::string_view signal) noexcept {
  Line line;
  line.add(R"({"ts":")");
  line.add_time();
  line.add(R"(","level":"error","event":"plugin_crashed","message":"plugin )");
  line.add_value(running.plugin);
  line.add(" crashed in ");
  line.add_value(running.function);
  line.add(running.api.empty() ? "" : " of API ");
  line.add_value(running.api);
  line.add(": ");
  line.add(signal);
  line.add(R"(","plugin":")");
  line.add_value(running.plugin);
  if (!running.api.empty()) {
    line.add(R"(","api":")");
    line.add_value(running.api);
  }
  line.add(R"(","function":")");
  line.add_value(running.function);
  line.add(R"(","signal":")");
  line.add(signal);
  line.add("\"}");
  line.write();
}

void on_signal(int number, siginfo_t* info, void*) {
  const int kept_errno = errno;
  const auto at = std::ranges::find(watched, number, &Watched::number);
  const RunningFunction* running = host::running_function();
  if (running != nullptr) report(*running, at->name);
  // Restore the previous action. A fault recurs at once after the return; a signal that was sent,
  // also by abort(), has to be raised again.
  ::sigaction(number, &before[static_cast<std::size_t>(at - watched.begin())], nullptr);
  if (info->si_code <= 0) ::raise(number);
  errno = kept_errno;
}

/// The alternate signal stack of one thread, released when the thread ends.
class SignalStack {
 public:
  SignalStack() {
    stack_t present{};
    if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    const long least = ::sysconf(_SC_MINSIGSTKSZ);
    const std::size_t size = 32768 + static_cast<std::size_t>(std::max(least, 0L));
    memory_ = std::make_unique<char[]>(size);
    const stack_t own{memory_.get(), 0, size};
    if (::sigaltstack(&own, nullptr) != 0) memory_.reset();
  }
  ~SignalStack() {
    if (!memory_) return;
    const stack_t none{nullptr, SS_DISABLE, 0};
    ::sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<char[]> memory_;
};

}  // namespace

void host::prepare_thread_for_crash_report() noexcept {
  if (!enabled.load(std::memory_order_relaxed)) return;
  static thread_local const SignalStack stack;
}

void report_plugin_crashes() {
  if (enabled.exchange(true)) return;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    ::sigaction(watched[i].number, nullptr, &before[i]);
    if (before[i].sa_handler == SIG_IGN) continue;
    struct sigaction ours {};
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
    ::sigaction(watched[i].number, &ours, nullptr);
  }
}

}  // namespace penstock
