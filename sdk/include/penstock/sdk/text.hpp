#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::sdk {

/// The parts, one behind the other: anything that a string_view can be made of.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  out.reserve((std::size_t{0} + ... + std::string_view(parts).size()));
  (out.append(std::string_view(parts)), ...);
  return out;
}

}  // namespace penstock::sdk
