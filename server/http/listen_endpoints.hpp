#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include <penstock/result.hpp>

namespace penstock::server {

/// Resolves HOST:PORT to endpoints, IPv4 first: one for an address, all for a name, since
/// `localhost` is both 127.0.0.1 and ::1. Port 0 becomes one that is free at all of them. An
/// address that this machine does not have is skipped if another one remains. Fails with a message
/// if an endpoint is in use, even by another Penstock.
Result<std::vector<boost::asio::ip::tcp::endpoint>, std::string>
listen_endpoints(const std::string& listen);

/// Opens `acceptor` at `endpoint`, which several loops may share. `::` accepts IPv4 as well. Throws
/// boost::system::system_error.
void listen_at(boost::asio::ip::tcp::acceptor& acceptor,
               const boost::asio::ip::tcp::endpoint& endpoint);

/// "127.0.0.1:8080", "[::1]:8080"
std::string address_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace penstock::server
