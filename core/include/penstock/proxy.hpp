#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// Input of Engine::proxy(): a `call` without body, form and params. Its headers may be those of a
/// received HTTP request: hop-by-hop headers are dropped.
struct ProxyCall {
  Call call;
  bool has_body = false;
  std::optional<std::uint64_t> body_length;  ///< none: unknown until the body ends
  bool accepts_trailers = false;  ///< announced to the vendor with TE (RFC 9110 section 10.1.4)
};

/// The result of a streamed call that completed.
struct ProxyEnd {
  Headers trailers;  ///< the vendor's trailers; never credentials or framing fields
  std::chrono::microseconds total{0};
};

/// The caller's side of a call with streamed bodies. The engine calls its functions on one of its
/// loops, one at a time, and keeps a reference until finish(). Handlers passed to it must be
/// invoked once, may be invoked on any thread, and must not be invoked after the engine has ended.
/// A function that throws counts as a disconnected client.
class ProxyPeer {
 public:
  virtual ~ProxyPeer() = default;

  /// Takes a piece of the body, an empty string at its end, or none if the body was aborted.
  using ReadHandler = std::function<void(std::optional<std::string>)>;

  /// Requests the next piece of the caller's body. Not called again before `handler` was invoked.
  /// `handler` need not be invoked after finish().
  virtual void read(ReadHandler handler) = 0;

  /// An interim response of the vendor (RFC 9110 section 15.2), such as 103: status, reason,
  /// headers.
  virtual void interim(Response head) = 0;

  /// Status and headers of the response: a Response without a body. Content codings are as the
  /// vendor sent them; Content-Length is present if the vendor sent it.
  virtual void head(Response head) = 0;

  /// A piece of the response body, never empty. The engine reads no more from the vendor until
  /// `next(true)`; `next(false)` ends the call.
  virtual void write(std::string piece, std::function<void(bool)> next) = 0;

  /// Ends the call; called once. An error may arrive before head() or after part of the response;
  /// then what was written is incomplete.
  virtual void finish(Result<ProxyEnd> end) = 0;
};

}  // namespace penstock
