#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <penstock/config.hpp>
#include <penstock/credential_store.hpp>

#include "base/redactor.hpp"
#include "loader/plugin_set.hpp"
#include "runtime/backoff.hpp"
#include "session/session_slot.hpp"
#include "session/session_slots.hpp"

namespace penstock::runtime {

/// One integration at run time: its configuration, the session state of its connection for each
/// plugin of its tool, its backoff, and its calls in flight. [any-thread]
class Integration {
 public:
  /// Makes an integration of a checked configuration (penstock/check.hpp). Reads the stored state;
  /// if that fails, adds to `problems` and returns null.
  static std::shared_ptr<Integration> make(const Config& config,
                                           const IntegrationConfig& integration,
                                           const loader::PluginSet& plugins, CredentialStore& store,
                                           ConfigProblems& problems);

  const IntegrationConfig& config() const { return config_; }
  const UpstreamConfig& upstream() const { return upstream_; }

  /// The connection's credentials and sessions; null if the plugin belongs to another tool.
  session::SessionSlots* sessions(const std::string& plugin_id) const;

  /// The fields that `api` requires and this connection lacks.
  std::vector<std::string> missing(const catalog::Api& api, const std::string& plugin_id) const;

  Backoff& backoff() const { return backoff_; }

  /// Takes one of the max_in_flight slots; false: all are taken.
  bool acquire_slot() noexcept;
  ConcurrencySlots slots() const noexcept;
  void release_slot() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  explicit Integration(const IntegrationConfig& config) : config_(config) {}

  IntegrationConfig config_;
  UpstreamConfig upstream_;  ///< with the global settings filled in
  std::map<std::string, std::unique_ptr<session::SessionSlots>, std::less<>> sessions_;
  mutable Backoff backoff_;
  std::atomic<int> in_flight_{0};
};

}  // namespace penstock::runtime
