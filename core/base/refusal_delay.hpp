#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace penstock {

/// The delay before credentials are tried again after `refusals` (from 1) consecutive refusals. HR
/// vendors lock an integration user after a few bad passwords, so each refusal lengthens it.
constexpr std::chrono::seconds delay_after_refusal(int refusals) {
  constexpr std::array<int, 4> seconds = {5, 30, 300, 1800};
  const auto step = std::clamp<std::size_t>(static_cast<std::size_t>(refusals), 1, seconds.size());
  return std::chrono::seconds(seconds[step - 1]);
}

}  // namespace penstock
