#include "http/rate_deadline.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace penstock::server {
namespace {

std::chrono::milliseconds time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  return std::chrono::milliseconds(bytes * 1000 / bytes_per_second);
}

int bytes_in_send_queue(int socket) {
  int size = 0;
  return socket >= 0 && ::ioctl(socket, SIOCOUTQ, &size) == 0 ? size : 0;
}

}  // namespace

void RateDeadline::wait(const HttpLimits& limits, std::uint64_t coming) {
  began_ = Clock::now();
  due_ = began_ + limits.grace + time_for(bytes_ + coming, limits.bytes_per_second) - waited_;
  next_check_ = began_ + limits.idle_timeout / 2;
  looked_ = false;
}

void RateDeadline::moved(std::uint64_t count) {
  if (began_ != never) waited_ += Clock::now() - began_;
  bytes_ += count;
  began_ = due_ = next_check_ = never;
}

bool RateDeadline::overdue(Clock::time_point now, const HttpLimits& limits, int socket) {
  if (now >= due_) return true;
  if (now < next_check_) return false;
  const int unsent = bytes_in_send_queue(socket);
  if (looked_ && unsent == unsent_) return true;
  unsent_ = unsent;
  looked_ = true;
  next_check_ = now + limits.idle_timeout / 2;
  return false;
}

bool RateDeadline::slower_than(std::uint64_t bytes_per_second, Clock::time_point now,
                               const HttpLimits& limits) const {
  const Clock::duration waited = waited_ + (began_ != never ? now - began_ : Clock::duration{});
  return waited > limits.grace + time_for(bytes_, bytes_per_second);
}

}  // namespace penstock::server
