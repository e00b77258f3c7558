#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>

#include "http/byte_budget.hpp"
#include "http/limits.hpp"

namespace penstock::server {

/// One API key: its name and its rate limit. Thread-safe.
class ApiKey {
 public:
  ApiKey(std::string name, std::string digest, int calls_per_second,
         std::shared_ptr<ByteBudget> budget = nullptr)
      : name_(std::move(name)), digest_(std::move(digest)), calls_per_second_(calls_per_second),
        budget_(std::move(budget)) {}

  const std::string& name() const { return name_; }
  const std::string& digest() const { return digest_; }

  /// Counts one call at `now`. Returns none if it is allowed, otherwise how long to wait. A burst
  /// of one second's worth of calls is allowed.
  std::optional<std::chrono::milliseconds> throttle(Clock::time_point now);

  /// Memory budget for the bodies and responses of its calls. Shared: connections may outlive the
  /// key.
  const std::shared_ptr<ByteBudget>& budget() const { return budget_; }

 private:
  std::string name_;
  std::string digest_;
  int calls_per_second_;
  std::atomic<Clock::rep> allowed_from_{0};  ///< when the debt of the calls admitted so far is zero
  std::shared_ptr<ByteBudget> budget_;
};

/// The API keys of integrations.yaml.
class ApiKeys {
 public:
  /// Each key may hold `max_bytes_of_a_key` of `budget`.
  ApiKeys(const std::vector<ApiKeyConfig>& keys, const std::shared_ptr<ByteBudget>& budget,
          std::uint64_t max_bytes_of_a_key);

  /// The key that an Authorization header's value names; null if there is none. Takes the same time
  /// for any token of a given length: all digests are compared, each in constant time.
  ApiKey* find(std::string_view authorization) const;

 private:
  std::vector<std::unique_ptr<ApiKey>> keys_;
};

}  // namespace penstock::server
