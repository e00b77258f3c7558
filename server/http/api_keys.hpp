#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::server {

using Clock = std::chrono::steady_clock;

/// One API key: its name, and how fast it may be used. Thread-safe.
class ApiKey {
 public:
  ApiKey(std::string name, std::string digest, int calls_per_second)
      : name_(std::move(name)), digest_(std::move(digest)), calls_per_second_(calls_per_second) {}

  const std::string& name() const { return name_; }
  const std::string& digest() const { return digest_; }

  /// Counts one call at `now`; none: it may go on, else how long to wait. A second's worth may come
  /// at once.
  std::optional<std::chrono::milliseconds> throttle(Clock::time_point now);

 private:
  std::string name_;
  std::string digest_;
  int calls_per_second_;
  std::atomic<Clock::rep> allowed_from_{0};  ///< when the calls admitted so far are paid off
};

/// The keys of integrations.yaml.
class ApiKeys {
 public:
  explicit ApiKeys(const std::vector<ApiKeyConfig>& keys);

  /// The key of an Authorization header's value; null if it is none of ours. Takes as long for any
  /// key of a length: digests are compared, all of them, each in constant time.
  ApiKey* find(std::string_view authorization) const;

 private:
  std::vector<std::unique_ptr<ApiKey>> keys_;
};

}  // namespace penstock::server
