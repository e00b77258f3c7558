#include "session/renewal_gate.hpp"

namespace penstock::session {

std::shared_ptr<void> RenewalGate::enter() {
  const std::scoped_lock lock(mutex_);
  if (closed_) return nullptr;
  ++inside_;
  return {this, [gate = shared_from_this()](void*) {
            const std::scoped_lock leaving(gate->mutex_);
            --gate->inside_;
            gate->left_.notify_all();
          }};
}

bool RenewalGate::close(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  return left_.wait_for(lock, limit, [this] { return inside_ == 0; });
}

}  // namespace penstock::session
