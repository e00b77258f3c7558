#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/proxy.hpp>

#include "runtime/engine_thread.hpp"

namespace penstock::call {

/// Between the engine and an embedder's peer: what the peer throws is told and makes it a caller
/// who has gone, and after finish() it hears nothing more. Used on one loop.
class GuardedPeer final : public ProxyPeer, public std::enable_shared_from_this<GuardedPeer> {
 public:
  GuardedPeer(std::shared_ptr<ProxyPeer> peer, const runtime::Trouble& trouble)
      : peer_(std::move(peer)), trouble_(trouble) {}

  void read(ReadHandler handler) override;
  void interim(Response head) override;
  void head(Response head) override;
  void write(std::string piece, std::function<void(bool)> next) override;
  void finish(Result<ProxyEnd> end) override;

 private:
  template <class Function>
  bool told(Function function);

  std::shared_ptr<ProxyPeer> peer_;  ///< null after finish()
  const runtime::Trouble& trouble_;  ///< the engine's
  bool gone_ = false;                ///< it threw
};

}  // namespace penstock::call
