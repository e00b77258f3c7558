#include <penstock/engine.hpp>

#include "api/call_port.hpp"

namespace penstock::server {

void EnginePort::start(Call call, std::function<void(Result<Response>)> handler) {
  engine_.start(std::move(call), std::move(handler));
}

void EnginePort::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  engine_.proxy(std::move(call), std::move(peer));
}

Result<Preview> EnginePort::validate(const Call& call) const { return engine_.validate(call); }

void EnginePort::validate(Call call, std::function<void(Result<Preview>)> handler) {
  engine_.validate(std::move(call), std::move(handler));
}

void EnginePort::validate_with_session(Call call, std::function<void(Result<Preview>)> handler) {
  engine_.validate_with_session(std::move(call), std::move(handler));
}

void EnginePort::verify(const std::string& integration_id,
                        std::function<void(Result<std::vector<ProbeResult>>)> handler) {
  engine_.verify(integration_id, std::move(handler));
}

std::vector<ApiInfo> EnginePort::catalog() const { return engine_.catalog(); }
std::vector<IntegrationInfo> EnginePort::integrations() const { return engine_.integrations(); }

std::vector<std::string> EnginePort::out_of_service() const { return engine_.out_of_service(); }

}  // namespace penstock::server
