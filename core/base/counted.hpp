#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

/// "1 plugin", "2 plugins": a number with its noun, whose plural takes an s.
inline std::string counted(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace penstock
