#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <penstock/proxy.hpp>

#include "api/api_request.hpp"
#include "http/connection.hpp"

namespace penstock::server {

/// A request to the transparent proxy: the engine's interface to a client connection. Functions may
/// be called from any thread; the work happens on the connection's loop.
class ProxyStream final : public ProxyPeer, public std::enable_shared_from_this<ProxyStream> {
 public:
  ProxyStream(std::shared_ptr<Connection> connection, std::shared_ptr<ApiRequest> request,
              const ProxyCall& call)
      : connection_(std::move(connection)), request_(std::move(request)),
        head_only_(call.call.method == "HEAD"), accepts_trailers_(call.accepts_trailers) {}

  void read(ReadHandler handler) override;
  void interim(Response head) override;
  void head(Response head) override;
  void write(std::string piece, std::function<void(bool)> next) override;
  void finish(Result<ProxyEnd> end) override;

 private:
  /// How the end of the response is marked for the caller. Chosen by this server: the vendor's
  /// framing applies only to the vendor's connection.
  enum class Framing : std::uint8_t { none, length, chunked, until_close };

  void send_head(const Response& head);
  void send_piece(std::string piece, std::function<void(bool)> next);
  void send_end(const ProxyEnd& end);
  void send_error(Error error);
  void cut_off();

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<ApiRequest> request_;
  const bool head_only_;
  const bool accepts_trailers_;
  bool head_sent_ = false;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;  ///< of an announced length: the bytes not sent yet
};

}  // namespace penstock::server
