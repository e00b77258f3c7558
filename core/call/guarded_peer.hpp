#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/proxy.hpp>

#include "runtime/engine_thread.hpp"

namespace penstock::call {

/// Wraps an embedder's peer. An exception from the peer is reported and counts as a client that
/// disconnected; after finish() the peer is not called again. Used on one loop.
class GuardedPeer final : public ProxyPeer, public std::enable_shared_from_this<GuardedPeer> {
 public:
  GuardedPeer(std::shared_ptr<ProxyPeer> peer, const runtime::ErrorReporter& report_error)
      : peer_(std::move(peer)), report_error_(report_error) {}

  void read(ReadHandler handler) override;
  void interim(Response head) override;
  void head(Response head) override;
  void write(std::string piece, std::function<void(bool)> next) override;
  void finish(Result<ProxyEnd> end) override;

 private:
  template <class Function>
  bool invoke_peer(Function function);

  std::shared_ptr<ProxyPeer> peer_;             ///< null after finish()
  const runtime::ErrorReporter& report_error_;  ///< owned by the engine
  bool failed_ = false;                         ///< a function of the peer threw
};

}  // namespace penstock::call
