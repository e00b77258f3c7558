#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace penstock {

/// A pointer that one thread replaces while others read it. Replaces std::atomic<std::shared_ptr>,
/// whose internal lock libstdc++ 12 releases after a load without release ordering, so that a store
/// may overtake the read. [any-thread]
template <class T>
class AtomicSharedPtr {
 public:
  std::shared_ptr<T> load() const {
    const Lock lock(busy_);
    return pointer_;
  }

  void store(std::shared_ptr<T> fresh) {
    const Lock lock(busy_);
    pointer_.swap(fresh);  // The old pointer is released outside the lock.
  }

 private:
  class Lock {
   public:
    explicit Lock(std::atomic_flag& busy) : busy_(busy) {
      while (busy_.test_and_set(std::memory_order_acquire))
        std::this_thread::yield();
    }
    ~Lock() { busy_.clear(std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic_flag& busy_;
  };

  mutable std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::shared_ptr<T> pointer_;
};

}  // namespace penstock
