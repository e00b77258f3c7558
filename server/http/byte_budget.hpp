#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace penstock::server {

/// Counts the memory of request and response bodies in transfer between the server and its clients,
/// against a limit. The limit decides whether a new call may start, and whether to keep waiting for
/// a slow client; calls in flight reserve nothing. Thread-safe.
class ByteBudget {
 public:
  /// `whole` (may be null) is the parent budget: bytes held here are held there as well.
  explicit ByteBudget(std::uint64_t most, std::shared_ptr<ByteBudget> whole = nullptr)
      : max_(most), whole_(std::move(whole)) {}

  std::uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  /// Whether this budget alone is used up.
  bool is_spent() const { return held() >= max_; }
  /// Whether this budget or its parent is used up.
  bool is_contended() const { return is_spent() || (whole_ && whole_->is_contended()); }

 private:
  friend class HeldBytes;
  void change(std::uint64_t from, std::uint64_t to);

  std::atomic<std::uint64_t> held_{0};
  std::uint64_t max_;
  std::shared_ptr<ByteBudget> whole_;
};

/// The bytes that one connection holds of a budget; released on destruction. Not thread-safe.
class HeldBytes {
 public:
  HeldBytes() = default;
  explicit HeldBytes(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  HeldBytes(HeldBytes&& other) noexcept;
  HeldBytes& operator=(HeldBytes&& other) noexcept;
  ~HeldBytes() { set(0); }

  /// Sets the number of bytes held. Small amounts count as 0: their number is limited, and this
  /// runs for each call.
  void set(std::uint64_t bytes);

  /// Whether these bytes belong to a budget that is used up.
  bool is_contended() const { return bytes_ > 0 && budget_->is_contended(); }

 private:
  std::shared_ptr<ByteBudget> budget_;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock::server
