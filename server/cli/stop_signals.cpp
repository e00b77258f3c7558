#include "cli/stop_signals.hpp"

#include <ctime>

#include <pthread.h>
#include <unistd.h>

namespace penstock::cli {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1})
    sigaddset(&set_, signal);
  hold();
  std::signal(SIGPIPE, SIG_IGN);
}

void StopSignals::let_through() const { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

void StopSignals::let_ends_through() const {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT})
    sigaddset(&ends, signal);
  pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
}

void StopSignals::hold() const { pthread_sigmask(SIG_BLOCK, &set_, nullptr); }

int StopSignals::wait() const {
  int signal = 0;
  while (sigwait(&set_, &signal) != 0) {
  }
  return signal;
}

int StopSignals::wait_for(std::chrono::milliseconds time) const {
  const timespec limit{time.count() / 1000, time.count() % 1000 * 1'000'000};
  const int signal = sigtimedwait(&set_, nullptr, &limit);
  return signal > 0 ? signal : 0;
}

void StopSignals::wake() { ::kill(::getpid(), SIGUSR1); }

}  // namespace penstock::cli
