#include "http/listen_endpoints.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <penstock/net.hpp>
#include <penstock/text.hpp>

namespace penstock::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Another attempt gets another free port, in case the first is taken at a further address.
constexpr int max_tries = 16;

Result<std::vector<tcp::endpoint>, std::string> resolve(const HostAndPort& address) {
  const std::string port = std::to_string(address.port);
  asio::io_context context;
  boost::system::error_code error;
  const auto found =
      tcp::resolver(context).resolve(address.host, port, tcp::resolver::passive, error);
  if (error) {
    return failure("\"" + address.host + "\" does not resolve to an address (" + error.message() +
                   "); write one of this machine's, such as 127.0.0.1:" + port +
                   ", or 0.0.0.0:" + port + " for all of them");
  }
  std::vector<tcp::endpoint> out;
  const auto add = [&out](const tcp::endpoint& endpoint) {
    if (std::ranges::find(out, endpoint) == out.end()) out.push_back(endpoint);
  };
  for (const auto& entry : found)
    add(entry.endpoint());
  if (equal_ignoring_case(address.host, "localhost")) {
    // RFC 6761 section 6.3. Clients resolve localhost themselves, whatever the hosts file says.
    add({asio::ip::address_v4::loopback(), address.port});
    add({asio::ip::address_v6::loopback(), address.port});
  }
  std::stable_partition(out.begin(), out.end(),
                        [](const tcp::endpoint& one) { return one.address().is_v4(); });
  return out;
}

bool is_absent(const boost::system::error_code& error) {
  return error == asio::error::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

/// Binds IPv6 apart from IPv4, so that both can have the same port; but `::` covers every address.
void open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  acceptor.open(endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  if (endpoint.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()));
}

/// Binds all endpoints exclusively, then releases them: with SO_REUSEPORT a second Penstock would
/// silently take half of the connections. Does not listen: a client that connected before the
/// release would be reset.
boost::system::error_code claim(std::vector<tcp::endpoint>& endpoints) {
  asio::io_context context;
  std::vector<tcp::acceptor> acceptors;
  std::vector<tcp::endpoint> bound;
  boost::system::error_code absent;
  for (tcp::endpoint endpoint : endpoints) {
    if (endpoint.port() == 0 && !bound.empty()) endpoint.port(bound.front().port());
    try {
      tcp::acceptor acceptor(context);
      open(acceptor, endpoint);
      acceptor.bind(endpoint);
      bound.push_back(acceptor.local_endpoint());
      acceptors.push_back(std::move(acceptor));
    } catch (const boost::system::system_error& error) {
      if (!is_absent(error.code())) return error.code();
      absent = error.code();
    }
  }
  if (bound.empty()) return absent;
  endpoints = std::move(bound);
  return {};
}

}  // namespace

Result<std::vector<tcp::endpoint>, std::string> listen_endpoints(const std::string& listen) {
  const auto address = HostAndPort::parse(listen);
  if (!address)
    return failure("server.listen: \"" + listen + "\" must be HOST:PORT, like 127.0.0.1:8080");
  auto endpoints = resolve(*address);
  if (!endpoints) return failure("server.listen: " + endpoints.error());
  for (int i = 1;; ++i) {
    const boost::system::error_code error = claim(*endpoints);
    if (!error) return endpoints;
    const bool other_port_may_do =
        error == asio::error::address_in_use && endpoints->front().port() == 0 && i < max_tries;
    if (!other_port_may_do) return failure("cannot listen on " + listen + ": " + error.message());
  }
}

void listen_at(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  open(acceptor, endpoint);
  const int on = 1;
  if (setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    throw boost::system::system_error(errno, boost::system::system_category());
  acceptor.bind(endpoint);
  acceptor.listen(1024);
}

std::string address_text(const tcp::endpoint& endpoint) {
  return HostAndPort{endpoint.address().to_string(), endpoint.port()}.text();
}

}  // namespace penstock::server
