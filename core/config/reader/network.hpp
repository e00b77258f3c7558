#pragma once

#include <string_view>

namespace penstock::config {

/// "127.0.0.1:8080", "[::1]:0", "localhost:80".
bool is_host_and_port(std::string_view text);

/// "10.0.0.0/8", "2001:db8::/32", or a single address.
bool is_network(std::string_view text);

}  // namespace penstock::config
