// What a reader of standard error gets who is slow, or has no room for a while: every line, or the
// number of those that are lost.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "log/call_log.hpp"

namespace penstock::server {
namespace {

using std::chrono::milliseconds;

/// Another file in the place of standard error, until it ends.
class Stderr {
 public:
  explicit Stderr(int descriptor) { point_to(descriptor); }
  ~Stderr() { point_to(own_); }
  Stderr(const Stderr&) = delete;
  Stderr& operator=(const Stderr&) = delete;

  static void point_to(int descriptor) {
    ::dup2(descriptor, STDERR_FILENO);
    ::close(descriptor);
  }

 private:
  int own_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
};

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    reading = ends[0];
    writing = ends[1];
  }
  int reading = -1, writing = -1;
};

struct Heard {
  std::size_t lines = 0, told_as_lost = 0;
};

/// Reads until the log has ended.
Heard hear(int descriptor) {
  std::string text;
  char some[65536];
  for (ssize_t size = 0; (size = ::read(descriptor, some, sizeof some)) > 0;)
    text.append(some, static_cast<std::size_t>(size));
  ::close(descriptor);
  Heard out;
  std::istringstream stream(text);
  constexpr std::string_view before = "\"event\":\"lines_lost\",\"message\":\"";
  for (std::string line; std::getline(stream, line);) {
    const std::size_t at = line.find(before);
    if (at == std::string::npos) ++out.lines;
    if (at != std::string::npos) out.told_as_lost += std::stoul(line.substr(at + before.size()));
  }
  return out;
}

TEST(StderrLog, tells_a_slow_reader_how_many_lines_are_lost) {
  constexpr std::size_t lines = 100'000;
  const Pipe pipe;
  Heard heard;
  {
    const Stderr instead(pipe.writing);
    LogSink log = open_stderr_log();
    const std::string line(200, 'x');
    for (std::size_t i = 0; i < lines; ++i)
      log(line);  // 20 MB, and nobody reads yet
    std::thread reader([&] { heard = hear(pipe.reading); });
    log = nullptr;
    close_stderr_log();
    Stderr::point_to(::open("/dev/null", O_WRONLY));
    reader.join();
  }
  EXPECT_GT(heard.told_as_lost, 0U);
  EXPECT_EQ(heard.lines + heard.told_as_lost, lines);
}

TEST(StderrLog, counts_what_found_no_room_until_there_is_some) {
  const Pipe pipe;
  Heard heard;
  {
    const Stderr instead(::open("/dev/full", O_WRONLY));
    LogSink log = open_stderr_log();
    for (int batch = 0; batch < 3; ++batch) {
      for (int i = 0; i < 10; ++i)
        log("lost");
      std::this_thread::sleep_for(milliseconds(150));  // a write of its own for each
    }
    Stderr::point_to(pipe.writing);
    log("heard");
    log = nullptr;
    close_stderr_log();
    Stderr::point_to(::open("/dev/null", O_WRONLY));
    heard = hear(pipe.reading);
  }
  EXPECT_EQ(heard.lines, 1U);
  EXPECT_EQ(heard.told_as_lost, 30U);
}

TEST(StderrLog, ends_although_nobody_reads) {
  const Pipe pipe;
  const auto began = std::chrono::steady_clock::now();
  {
    const Stderr instead(pipe.writing);
    LogSink log = open_stderr_log();
    for (int i = 0; i < 10'000; ++i)
      log(std::string(200, 'x'));
    log = nullptr;
    close_stderr_log();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  ::close(pipe.reading);
}

}  // namespace
}  // namespace penstock::server
