#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::sandbox {

struct Claims {
  std::string issuer, subject, audience;
  std::int64_t expires = 0;
};

/// The claims of a compact JWT, if it is signed with RS256 by the matching private key; else
/// nullopt.
std::optional<Claims> verified_claims(std::string_view jwt, std::string_view public_key_pem);

}  // namespace penstock::sandbox
