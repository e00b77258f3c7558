#include "call/guarded_peer.hpp"

#include <utility>

namespace penstock::call {

/// Calls the peer. False: the peer has finished, or it threw, now or before.
template <class Function>
bool GuardedPeer::invoke_peer(Function function) {
  if (!peer_ || failed_) return false;
  // The peer may call a handler inside `function`, which may end the call that owns this object.
  const auto self = shared_from_this();
  failed_ =
      !runtime::run_guarded(report_error_, "a ProxyPeer", [&, held = peer_] { function(*held); });
  return !failed_;
}

// Handlers are passed as copies: a peer may take one and then throw.

void GuardedPeer::read(ReadHandler handler) {
  if (!invoke_peer([&](ProxyPeer& peer) { peer.read(handler); })) handler(std::nullopt);
}

void GuardedPeer::interim(Response head) {
  invoke_peer([&](ProxyPeer& peer) { peer.interim(std::move(head)); });
}

void GuardedPeer::head(Response head) {
  invoke_peer([&](ProxyPeer& peer) { peer.head(std::move(head)); });
}

void GuardedPeer::write(std::string piece, std::function<void(bool)> next) {
  if (!invoke_peer([&](ProxyPeer& peer) { peer.write(std::move(piece), next); })) next(false);
}

void GuardedPeer::finish(Result<ProxyEnd> end) {
  if (const auto peer = std::exchange(peer_, nullptr))
    runtime::run_guarded(report_error_, "a ProxyPeer", [&] { peer->finish(std::move(end)); });
}

}  // namespace penstock::call
