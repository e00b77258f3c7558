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

/// What Engine::proxy() is asked: `call` without body, form and params. Its headers may be those of
/// an HTTP request as they came: what speaks of one hop only is left behind.
struct ProxyCall {
  Call call;
  bool has_body = false;
  std::optional<std::uint64_t> body_length;  ///< none: unknown until it ends
  bool takes_trailers = false;               ///< the vendor is told so (RFC 9110 section 10.1.4)
};

/// How a streamed call ended in order.
struct ProxyEnd {
  std::vector<Field> trailers;  ///< of the vendor; never credentials or framing
  std::chrono::microseconds total{0};
};

/// The caller's side of a call whose bodies stream. The engine calls it on one of its loops, one
/// call at a time, and holds it until finish(). Handlers given to it run once, on whatever thread,
/// and not after the engine has ended. A function that throws counts as a caller who has gone.
class ProxyPeer {
 public:
  virtual ~ProxyPeer() = default;

  /// A piece of the body; an empty one at its end; none where it broke off.
  using ReadHandler = std::function<void(std::optional<std::string>)>;

  /// Asks for the next piece of the caller's body. Not asked again before the answer; may remain
  /// unanswered once finish() was called.
  virtual void read(ReadHandler handler) = 0;

  /// An interim answer of the vendor (RFC 9110 section 15.2), such as 103: status, reason, headers.
  virtual void interim(Response head) = 0;

  /// The answer's status and headers: an Answer without a body, content codings as the vendor sent
  /// them, Content-Length where the vendor said one.
  virtual void head(Response head) = 0;

  /// A piece of the answer, never empty. Nothing more is read from the vendor until `next(true)`;
  /// `next(false)` ends the call.
  virtual void write(std::string piece, std::function<void(bool)> next) = 0;

  /// The end, once. An error may come before head(), or after a part of the answer: then what was
  /// written is not the whole.
  virtual void finish(Result<ProxyEnd> end) = 0;
};

}  // namespace penstock
