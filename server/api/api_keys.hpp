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

/// One API key: its name, and how fast it may be used. Thread-safe.
class ApiKey {
 public:
  ApiKey(std::string name, std::string digest, int calls_per_second,
         std::shared_ptr<ByteBudget> budget = nullptr)
      : name_(std::move(name)), digest_(std::move(digest)), calls_per_second_(calls_per_second),
        budget_(std::move(budget)) {}

  const std::string& name() const { return name_; }
  const std::string& digest() const { return digest_; }

  /// Counts one call at `now`; none: it may go on, else how long to wait. A second's worth may come
  /// at once.
  std::optional<std::chrono::milliseconds> throttle(Clock::time_point now);

  /// For the bodies and answers of its calls; connections that outlive the key may hold of it.
  const std::shared_ptr<ByteBudget>& budget() const { return budget_; }

 private:
  std::string name_;
  std::string digest_;
  int calls_per_second_;
  std::atomic<Clock::rep> allowed_from_{0};  ///< when the calls admitted so far are paid off
  std::shared_ptr<ByteBudget> budget_;
};

/// The keys of integrations.yaml.
class ApiKeys {
 public:
  /// Each key may hold `most_bytes_of_a_key` of `budget`.
  ApiKeys(const std::vector<ApiKeyConfig>& keys, const std::shared_ptr<ByteBudget>& budget,
          std::uint64_t max_bytes_of_a_key);

  /// The key of an Authorization header's value; null if it is none of ours. Takes as long for any
  /// key of a length: digests are compared, all of them, each in constant time.
  ApiKey* find(std::string_view authorization) const;

 private:
  std::vector<std::unique_ptr<ApiKey>> keys_;
};

}  // namespace penstock::server
