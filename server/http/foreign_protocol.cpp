#include "http/foreign_protocol.hpp"

namespace penstock::server {
namespace {

using namespace std::string_view_literals;

// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.
constexpr std::string_view proxy_protocol_1 = "PROXY ";
constexpr std::string_view proxy_protocol_2 = "\r\n\r\n\0\r\nQUIT\n"sv;

}  // namespace

std::optional<std::string> foreign_protocol(std::string_view first_bytes) {
  // RFC 8446 section 5.1: a handshake record of version 3.x.
  if (first_bytes.starts_with("\x16\x03"sv))
    return "this port speaks plain HTTP, but the client started TLS: use an http:// address, or "
           "put a TLS proxy in front of this server";
  if (first_bytes.starts_with(proxy_protocol_1) || first_bytes.starts_with(proxy_protocol_2))
    return "the PROXY protocol is not supported: disable it for this server in the load balancer "
           "(HAProxy: no send-proxy; AWS: proxy_protocol_v2.enabled false)";
  return std::nullopt;
}

bool may_become_foreign(std::string_view first_bytes) {
  return first_bytes.size() < proxy_protocol_2.size() && proxy_protocol_2.starts_with(first_bytes);
}

}  // namespace penstock::server
