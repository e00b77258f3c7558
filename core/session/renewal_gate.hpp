#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace penstock::session {

/// Counts the renewals in flight, from the saved intent until the vendor's response is saved. In
/// that window, only this process knows the outcome. A graceful shutdown closes the gate before it
/// stops the loops and threads that renewals run on: abandoning a renewal may cost a rotated
/// credential, and with it the customer's consent. [any-thread]
class RenewalGate : public std::enable_shared_from_this<RenewalGate> {
 public:
  /// Returns a pass, to be held until the response is saved; null once the gate is closed.
  std::shared_ptr<void> enter();

  /// Admits no more renewals and waits for those in flight. False: some are still running after
  /// `limit`. Do not call it on a thread that a renewal needs.
  bool close(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

/// How long a graceful shutdown waits: as long as a token endpoint may take.
constexpr std::chrono::seconds max_shutdown_wait{60};

}  // namespace penstock::session
