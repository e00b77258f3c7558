#include "session/session_slots.hpp"

#include <utility>

namespace penstock::session {

std::shared_ptr<SessionSlot> SessionSlots::at(const host::SessionKey& key) {
  if (key.empty()) return own_;
  std::string text = key.text();
  if (text.size() > max_key_bytes) return nullptr;
  const std::scoped_lock lock(mutex_);
  const auto found = keyed_.find(text);
  if (found != keyed_.end()) return found->second;
  if (keyed_.size() >= max_idle)
    std::erase_if(keyed_, [](const auto& entry) { return entry.second.use_count() == 1; });
  return keyed_.emplace(std::move(text), own_->for_key(key)).first->second;
}

std::vector<std::shared_ptr<SessionSlot>> SessionSlots::all() const {
  std::vector<std::shared_ptr<SessionSlot>> out = {own_};
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, slot] : keyed_)
    out.push_back(slot);
  return out;
}

}  // namespace penstock::session
