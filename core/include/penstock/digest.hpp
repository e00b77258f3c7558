#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// SHA-256 (FIPS 180-4) as 32 raw bytes; empty if OpenSSL does not provide it. [any-thread]
std::string sha256(std::string_view bytes);

}  // namespace penstock
