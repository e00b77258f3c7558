#include "api/api_keys.hpp"

#include <algorithm>

#include <penstock/digest.hpp>
#include <penstock/hex.hpp>
#include <penstock/text.hpp>

namespace penstock::server {
namespace {

/// The token after "Bearer"; empty if the scheme is another.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return {};
  authorization.remove_prefix(scheme.size());
  const std::size_t first = authorization.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : authorization.substr(first);
}

}  // namespace

std::optional<std::chrono::milliseconds> ApiKey::throttle(Clock::time_point now) {
  if (calls_per_second_ <= 0) return std::nullopt;
  // Each call costs a fraction of a second; a debt of up to one second is allowed. The state is one
  // number, so no lock is needed.
  const Clock::rep second = Clock::duration(std::chrono::seconds(1)).count();
  const Clock::rep cost = second / calls_per_second_;
  const Clock::rep current = now.time_since_epoch().count();
  Clock::rep paid_off = allowed_from_.load(std::memory_order_relaxed);
  for (;;) {
    const Clock::rep next = std::max(paid_off, current) + cost;
    if (next > current + second) {
      return std::chrono::ceil<std::chrono::milliseconds>(Clock::duration(next - current - second));
    }
    if (allowed_from_.compare_exchange_weak(paid_off, next, std::memory_order_relaxed))
      return std::nullopt;
  }
}

ApiKeys::ApiKeys(const std::vector<ApiKeyConfig>& keys, const std::shared_ptr<ByteBudget>& budget,
                 std::uint64_t max_bytes_of_a_key) {
  for (const ApiKeyConfig& key : keys) {
    if (key.key.empty() && key.key_sha256.empty()) continue;
    std::string digest = key.key.empty() ? lower(key.key_sha256) : to_hex(sha256(key.key.reveal()));
    keys_.push_back(
        std::make_unique<ApiKey>(key.name, std::move(digest), key.calls_per_second,
                                 std::make_shared<ByteBudget>(max_bytes_of_a_key, budget)));
  }
}

ApiKey* ApiKeys::find(std::string_view authorization) const {
  const std::string_view token = bearer_token(authorization);
  if (token.empty()) return nullptr;
  const std::string digest = to_hex(sha256(token));
  if (digest.empty()) return nullptr;
  ApiKey* found = nullptr;
  for (const auto& key : keys_) {
    if (same_secret(digest, key->digest()) && found == nullptr) found = key.get();
  }
  return found;
}

}  // namespace penstock::server
