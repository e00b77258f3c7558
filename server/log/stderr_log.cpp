#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <penstock/text.hpp>

#include "log/bounded_writer.hpp"
#include "log/call_log.hpp"

namespace penstock::server {
namespace {

// Long enough to gather many lines in one write, short enough for people who watch the log. A
// write, or a wake-up of another thread, for each line would cost up to a third of a call.
constexpr auto gathering_time = std::chrono::milliseconds(50);
constexpr auto patience_at_the_end = std::chrono::milliseconds(500);
constexpr std::size_t max_waiting_bytes = 8U << 20U;
/// Buffer capacity kept between two writes: more than a busy server logs in one gathering time, and
/// little compared to what a stalled reader may cause.
constexpr std::size_t kept_bytes = 256U << 10U;

/// Lines from all threads, written by its own thread, the only one that may wait for the reader.
class StderrLog {
 public:
  StderrLog() : writer_(STDERR_FILENO), thread_([this] { run(); }) {}

  ~StderrLog() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void add(const std::string& line) {
    bool first = false;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() + line.size() >= max_waiting_bytes) {
        ++lost_;
        return;
      }
      first = waiting_.empty();
      waiting_.append(line).append("\n");
    }
    if (first) wake_.notify_one();
  }

 private:
  void run() {
    std::string lines;
    std::unique_lock lock(mutex_);
    while (!ending_ || !waiting_.empty() || lost_ > 0) {
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      wake_.wait_for(lock, gathering_time, [this] { return ending_; });
      lines.swap(waiting_);
      if (lost_ > 0)
        lines += log_line(Level::warn, "lines_lost",
                          quantity(lost_, "log line") + (lost_ == 1 ? " was" : " were") +
                              " lost: they were not read in time",
                          std::chrono::system_clock::now()) +
                 "\n";
      const std::size_t told = std::exchange(lost_, 0);
      lock.unlock();
      std::size_t lost = write(lines);
      if (lost > 0 && told > 0) lost += told - 1;  // the last line, which reported it, is lost too
      lines.clear();
      if (lines.capacity() > kept_bytes) std::string().swap(lines);
      lock.lock();
      lost_ += lost;
      if (ending_ && lost > 0) return;
    }
  }

  bool is_ending() {
    const std::scoped_lock lock(mutex_);
    return ending_;
  }

  /// Waits for the reader, but with a limit once the log is closing. Returns how many lines were
  /// not written.
  std::size_t write(std::string_view text) {
    using Clock = std::chrono::steady_clock;
    auto moved = Clock::now();
    while (!text.empty()) {
      const auto written = writer_.write(text, gathering_time);
      if (!written) break;  // the reader is gone
      text.remove_prefix(*written);
      if (*written > 0) moved = Clock::now();
      if (Clock::now() - moved > patience_at_the_end && is_ending()) break;
    }
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  BoundedWriter writer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;
  std::size_t lost_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

std::shared_ptr<StderrLog>& the_log() {
  static std::shared_ptr<StderrLog> log;
  return log;
}

}  // namespace

LogSink open_stderr_log() {
  the_log() = std::make_shared<StderrLog>();
  return [log = the_log()](const std::string& line) { log->add(line); };
}

void close_stderr_log() { the_log().reset(); }

}  // namespace penstock::server
