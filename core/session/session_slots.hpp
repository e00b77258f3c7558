#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/invocation.hpp"
#include "session/session_slot.hpp"

namespace penstock::session {

/// The session slots of one connection of one plugin: its own, and one for each value of a
/// manifest's session.key that calls have used. [any-thread]
class SessionSlots {
 public:
  explicit SessionSlots(std::shared_ptr<SessionSlot> own) : own_(std::move(own)) {}

  /// The slot without a key. It holds the connection's rotated credentials.
  const std::shared_ptr<SessionSlot>& own() const noexcept { return own_; }

  /// The slot for `key`, created at its first use; own() for an empty key. Null: the values of the
  /// key are longer than 512 bytes.
  std::shared_ptr<SessionSlot> at(const host::SessionKey& key);

  std::vector<std::shared_ptr<SessionSlot>> all() const;

 private:
  static constexpr std::size_t max_key_bytes = 512;  ///< the key becomes part of a store's key
  /// Beyond this number, slots that no call uses are forgotten: callers choose the options, and
  /// what such a slot has is in the store.
  static constexpr std::size_t max_idle = 256;

  const std::shared_ptr<SessionSlot> own_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SessionSlot>, std::less<>> keyed_;
};

}  // namespace penstock::session
