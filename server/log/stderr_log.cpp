#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <unistd.h>

#include "log/call_log.hpp"

namespace penstock::server {
namespace {

// Long enough to gather many lines in one write, short enough for a reader's eye. A write, or a
// wake-up of another thread, for each line would cost as much as a third of a call.
constexpr auto gathering_time = std::chrono::milliseconds(50);
constexpr std::size_t most_waiting_bytes = 8U << 20U;

/// Lines from all threads, written to stderr by one of its own. A reader that stalls loses lines
/// and is told how many; it never stalls a call.
class StderrLog {
 public:
  StderrLog() : writer_([this] { run(); }) {}

  ~StderrLog() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    writer_.join();
  }

  void add(const std::string& line) {
    bool first = false;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() + line.size() > most_waiting_bytes) {
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
    while (!ending_ || !waiting_.empty()) {
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      wake_.wait_for(lock, gathering_time, [this] { return ending_; });
      if (lost_ > 0)
        waiting_.append("{\"level\":\"warning\",\"event\":\"lines_lost\",\"count\":" +
                        std::to_string(lost_) + "}\n");
      lost_ = 0;
      lines.swap(waiting_);
      lock.unlock();
      write_all(lines);
      lines.clear();
      lock.lock();
    }
  }

  static void write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
      if (written <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;
  std::size_t lost_ = 0;
  bool ending_ = false;
  std::thread writer_;
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
