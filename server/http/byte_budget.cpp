#include "http/byte_budget.hpp"

#include <utility>

namespace penstock::server {
namespace {

constexpr std::uint64_t least_counted = 16 * 1024;

}  // namespace

void ByteBudget::change(std::uint64_t from, std::uint64_t to) {
  // Unsigned arithmetic wraps: adding a negative difference subtracts.
  held_.fetch_add(to - from, std::memory_order_relaxed);
  if (whole_) whole_->change(from, to);
}

HeldBytes::HeldBytes(HeldBytes&& other) noexcept
    : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}

HeldBytes& HeldBytes::operator=(HeldBytes&& other) noexcept {
  if (this == &other) return *this;
  set(0);
  budget_ = std::move(other.budget_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void HeldBytes::set(std::uint64_t bytes) {
  if (bytes < least_counted) bytes = 0;
  if (!budget_ || bytes == bytes_) return;
  budget_->change(bytes_, bytes);
  bytes_ = bytes;
}

}  // namespace penstock::server
