#include "call/guarded_peer.hpp"

#include <utility>

namespace penstock::call {

/// Calls the peer. False: the peer has finished, or it threw, now or before.
template <class Function>
bool GuardedPeer::told(Function function) {
  if (!peer_ || gone_) return false;
  // The peer may call a handler inside `function`, which may end the call that owns this object.
  const auto self = shared_from_this();
  gone_ = !runtime::run_guarded(trouble_, "a ProxyPeer", [&, held = peer_] { function(*held); });
  return !gone_;
}

// Handlers are passed as copies: a peer may take one and then throw.

void GuardedPeer::read(ReadHandler handler) {
  if (!told([&](ProxyPeer& peer) { peer.read(handler); })) handler(std::nullopt);
}

void GuardedPeer::interim(Response head) {
  told([&](ProxyPeer& peer) { peer.interim(std::move(head)); });
}

void GuardedPeer::head(Response head) {
  told([&](ProxyPeer& peer) { peer.head(std::move(head)); });
}

void GuardedPeer::write(std::string piece, std::function<void(bool)> next) {
  if (!told([&](ProxyPeer& peer) { peer.write(std::move(piece), next); })) next(false);
}

void GuardedPeer::finish(Result<ProxyEnd> end) {
  if (const auto peer = std::exchange(peer_, nullptr))
    runtime::run_guarded(trouble_, "a ProxyPeer", [&] { peer->finish(std::move(end)); });
}

}  // namespace penstock::call
