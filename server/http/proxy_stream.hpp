#pragma once

#include <memory>

#include <penstock/proxy.hpp>

#include "http/connection.hpp"

namespace penstock::server {

/// A request to the transparent proxy: the engine's view of a client connection. Its calls may come
/// from any thread; everything happens on the connection's loop.
class ProxyStream final : public ProxyPeer, public std::enable_shared_from_this<ProxyStream> {
 public:
  ProxyStream(std::shared_ptr<Connection> connection, Ticket ticket)
      : connection_(std::move(connection)), ticket_(std::move(ticket)) {}

  void start(Door& door);

  void read(ReadHandler handler) override;
  void interim(int status, std::vector<Field> headers) override;
  void head(Answer head) override;
  void write(std::string piece, std::function<void(bool)> next) override;
  void finish(Result<ProxyEnd> end) override;

 private:
  void send_head(const Answer& head);
  void send_end(const ProxyEnd& end);
  void send_error(Error error);

  std::shared_ptr<Connection> connection_;
  Ticket ticket_;
  bool head_only_ = false;
  bool takes_trailers_ = false;
  bool head_sent_ = false;
  bool chunked_ = false;
};

}  // namespace penstock::server
