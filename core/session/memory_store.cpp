#include <penstock/credential_store.hpp>

#include <map>
#include <mutex>

namespace penstock {
namespace {

class MemoryStore final : public CredentialStore {
 public:
  Result<std::optional<StoredState>> load(const std::string& key) override {
    const std::scoped_lock lock(mutex_);
    const auto found = states_.find(key);
    return found == states_.end() ? std::optional<StoredState>() : found->second;
  }

  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t) override {
    const std::scoped_lock lock(mutex_);
    StoredState& stored = states_[key];
    if (stored.version != state.version) {
      return failure(engine_failed("the stored state of " + key + " was changed meanwhile",
                                   Phase::session, Sent::no));
    }
    stored = state;
    return ++stored.version;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, StoredState> states_;
};

}  // namespace

Result<std::optional<Lease>> CredentialStore::lease(const std::string& key) {
  auto state = load(key);
  if (!state) return failure(std::move(state).error());
  return std::optional<Lease>({0, *std::move(state)});
}

Result<bool> CredentialStore::extend(const std::string&, std::uint64_t) { return true; }

void CredentialStore::release(const std::string&, std::uint64_t) {}

std::unique_ptr<CredentialStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace penstock
