#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::sdk {

/// Concatenates the parts. Each part must be convertible to std::string_view.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  out.reserve((std::size_t{0} + ... + std::string_view(parts).size()));
  (out.append(std::string_view(parts)), ...);
  return out;
}

}  // namespace penstock::sdk
