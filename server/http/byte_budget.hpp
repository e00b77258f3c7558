#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace penstock::server {

/// The memory that request bodies and answers take while they move between the server and its
/// clients, against a limit. Limits decide whether a further call begins, and whether a slow client
/// is waited for; calls in flight have nothing reserved. Thread-safe.
class ByteBudget {
 public:
  /// `whole`, if any, is what this is a part of: what is held here is held there as well.
  explicit ByteBudget(std::uint64_t most, std::shared_ptr<ByteBudget> whole = nullptr)
      : max_(most), whole_(std::move(whole)) {}

  std::uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  /// Whether this part alone is used up.
  bool is_spent() const { return held() >= max_; }
  /// Whether this or the whole is.
  bool is_contended() const { return is_spent() || (whole_ && whole_->is_contended()); }

 private:
  friend class HeldBytes;
  void change(std::uint64_t from, std::uint64_t to);

  std::atomic<std::uint64_t> held_{0};
  std::uint64_t max_;
  std::shared_ptr<ByteBudget> whole_;
};

/// What one connection holds of a budget; gives it back when it dies. Not thread-safe.
class HeldBytes {
 public:
  HeldBytes() = default;
  explicit HeldBytes(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  HeldBytes(HeldBytes&& other) noexcept;
  HeldBytes& operator=(HeldBytes&& other) noexcept;
  ~HeldBytes() { set(0); }

  /// Holds `bytes` from now on. Little ones count as none: their number is limited, and this is
  /// asked for each call.
  void set(std::uint64_t bytes);

  /// Whether it is a part of what uses a budget up.
  bool is_contended() const { return bytes_ > 0 && budget_->is_contended(); }

 private:
  std::shared_ptr<ByteBudget> budget_;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock::server
