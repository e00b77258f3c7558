#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <penstock/proxy.hpp>

#include "upstream/client.hpp"

namespace boost::asio {
class io_context;
}

namespace penstock::call {

/// The caller's body as the upstream client wants it: on the loop.
class PeerBody final : public upstream::BodySource {
 public:
  PeerBody(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop)
      : peer_(std::move(peer)), loop_(loop) {}

  void read(Handler handler) override;

 private:
  std::shared_ptr<ProxyPeer> peer_;
  boost::asio::io_context& loop_;
};

/// Reads all of a caller's body; none where it is larger than `most` or broke off. `handler` runs
/// once, on the loop.
void collect_body(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop,
                  std::uint64_t most, std::function<void(std::optional<std::string>)> handler);

/// Between a streamed answer and the caller: keeps back as much of it as the rules and the plugin
/// need to judge it, then lets it through or throws it away.
class ResponseBuffer final : public upstream::ResponseSink {
 public:
  /// How much of the body of an answer with this status is to be seen first.
  using BytesWanted = std::function<std::size_t(int status)>;
  /// Judges what came, called once; true lets the answer through.
  using Admit = std::function<bool(const upstream::Response& seen)>;

  ResponseBuffer(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop, BytesWanted wanted,
                 Admit admit);

  void interim(upstream::Response head) override;
  void head(upstream::Response head) override;
  void body(std::string piece, std::function<void(bool)> next) override;

  /// The answer is whole: what is kept back goes out, then `done` runs.
  void end(std::function<void()> done);

  /// The answer was thrown away; what was seen of it.
  bool refused() const { return state_ == State::refused; }
  upstream::Response take_seen() { return std::move(seen_); }

 private:
  enum class State : std::uint8_t { waiting, holding, passing, refused };

  void decide();
  void pass(std::string piece, std::function<void(bool)> next);

  std::shared_ptr<ProxyPeer> peer_;
  boost::asio::io_context& loop_;
  BytesWanted wanted_;
  Admit admit_;
  State state_ = State::waiting;
  std::size_t held_bytes_ = 0;
  upstream::Response seen_;
};

}  // namespace penstock::call
