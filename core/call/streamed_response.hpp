#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <penstock/proxy.hpp>

#include "call/call_outlet.hpp"
#include "call/streaming.hpp"

namespace penstock::call {

/// A call whose bodies are forwarded as they arrive. A ResponseBuffer holds back as much of the
/// response as its classification needs.
class StreamedResponse final : public CallOutlet {
 public:
  /// Of `call`, only what describes the body is used.
  StreamedResponse(std::shared_ptr<ProxyPeer> peer, const ProxyCall& call)
      : peer_(std::move(peer)), has_body_(call.has_body), body_length_(call.body_length),
        accepts_trailers_(call.accepts_trailers) {}

  Result<PreparedCall> prepare(const runtime::Registry& registry, const Call& call) override;
  void load_body(CallRun& run, PreparedCall prepared) override;
  void attach(CallRun& run, upstream::Request& request) override;
  void on_exchange_end(CallRun& run, Result<upstream::Response> end) override;
  void on_response(Response response) override;
  void on_error(Error error) override;

 private:
  std::shared_ptr<ProxyPeer> peer_;
  bool has_body_;
  std::optional<std::uint64_t> body_length_;
  bool accepts_trailers_;
  std::shared_ptr<ResponseBuffer> buffer_;
  Response head_;  ///< the response head that the peer received
  Headers trailers_;
};

}  // namespace penstock::call
