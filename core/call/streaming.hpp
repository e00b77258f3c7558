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

/// Adapts the caller's body for the upstream client: its handlers run on the loop.
class PeerBody final : public upstream::BodySource {
 public:
  PeerBody(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop)
      : peer_(std::move(peer)), loop_(loop) {}

  void read(Handler handler) override;

 private:
  std::shared_ptr<ProxyPeer> peer_;
  boost::asio::io_context& loop_;
};

/// Reads the caller's whole body. `handler` runs once, on the loop; it gets nullopt if the body is
/// larger than `most` bytes or broke off.
void collect_body(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop,
                  std::uint64_t most, std::function<void(std::optional<std::string>)> handler);

/// Sits between a streamed response and the caller: holds back as much of the response as the rules
/// and the plugin need to classify it, then forwards or discards it.
class ResponseBuffer final : public upstream::ResponseSink {
 public:
  /// How many bytes of the body to hold before a response with this status is classified.
  using BytesWanted = std::function<std::size_t(int status)>;
  /// Classifies what has arrived; called once. True forwards the response; what is needed of its
  /// head may then be moved away.
  using Admit = std::function<bool(upstream::Response& seen)>;

  ResponseBuffer(std::shared_ptr<ProxyPeer> peer, boost::asio::io_context& loop, BytesWanted wanted,
                 Admit admit);

  void interim(upstream::Response head) override;
  void head(upstream::Response head) override;
  void body(std::string piece, std::function<void(bool)> next) override;

  /// Call when the response is complete. Forwards what is still held, then runs `done`.
  void end(std::function<void()> done);

  /// True: the response was discarded. take_seen() gives what was read of it.
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
