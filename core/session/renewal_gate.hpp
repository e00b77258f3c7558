#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace penstock::session {

/// Counts the renewals whose outcome only this process will know: from the saved intent until what
/// the vendor answers is saved. An orderly end closes the gate before it stops what these renewals
/// run on; to leave one of them alone may cost a rotated credential, and with it the customer's
/// consent. [any-thread]
class RenewalGate : public std::enable_shared_from_this<RenewalGate> {
 public:
  /// A pass, to be kept until the answer is saved; null once the gate is closed.
  std::shared_ptr<void> enter();

  /// Lets nobody in any more, and waits until those inside have left. False: some are still there
  /// after `limit`. Not on a thread that a renewal needs.
  bool close(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

/// How long an orderly end waits: as long as a token endpoint may take.
constexpr std::chrono::seconds max_end{60};

}  // namespace penstock::session
