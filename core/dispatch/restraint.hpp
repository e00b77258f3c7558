#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <penstock/error.hpp>

namespace penstock::dispatch {

/// The refusals (401) of one vendor host, from all connections together. Some vendors shut out a
/// whole address after too many (HiBob: 50 in 10 s, for 5 minutes): half of that is ours to spend.
/// Times are Unix time in ms. [any-thread]
class RefusalBudget {
 public:
  static constexpr int most = 25;
  static constexpr std::int64_t window_ms = 10'000;

  void note(std::int64_t now_ms);
  /// How long to wait until one more may be risked; 0: not at all.
  std::int64_t wait_ms(std::int64_t now_ms);

  /// That of a host; one for all integrations of the process.
  static std::shared_ptr<RefusalBudget> of_host(const std::string& host);

 private:
  std::mutex mutex_;
  std::int64_t began_ms_ = 0;
  int spent_ = 0;
};

/// How gently one connection treats its vendor: rests after its credentials were refused many
/// times in a row, and knows until when the vendor has asked for patience. [any-thread]
class Restraint {
 public:
  /// So many refusals in a row are the vendor's last word for a while.
  static constexpr int most_refusals = 10;

  /// Before a request is sent: why it is not; none: go on. A caller that `respects_rate_limit`
  /// stays away until the vendor's time has come; the others are its own responsibility.
  std::optional<Error> hold_back(const std::string& integration, RefusalBudget& budget,
                                 bool respects_rate_limit, std::int64_t now_ms);

  /// Takes note of an answer with that status and of the pause that it asks for, 0: none.
  /// `ends_session`: its 401 means a session that is over, and a new one is to be tried. Returns
  /// what the caller should know of it; empty: nothing.
  std::string note(int status, std::int64_t wait_ms, bool ends_session, RefusalBudget& budget,
                   std::int64_t now_ms);

  // What GET /v1/integrations tells.

  int refusals_in_a_row() const;
  /// 0: nothing holds it back.
  std::int64_t rests_until_ms(std::int64_t now_ms) const;
  std::int64_t patience_until_ms(std::int64_t now_ms) const;

 private:
  mutable std::mutex mutex_;
  int refusals_ = 0;  ///< in a row
  int rests_ = 0;     ///< taken since the last success
  std::int64_t rest_until_ms_ = 0;
  std::int64_t patience_until_ms_ = 0;
};

}  // namespace penstock::dispatch
