#pragma once

#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace penstock::sandbox {

/// What the command line decides.
struct Settings {
  int token_lifetime = 3600;  ///< seconds
  bool rotate_refresh_tokens = false;
  bool refresh_grace = false;  ///< the refresh token before the present one still works
};

/// Faults to provoke, for the calls of a vendor or for its token requests.
struct Faults {
  int delay_ms = 0;   ///< before every answer
  int fail_next = 0;  ///< so many requests are answered with `status`
  int status = 503;
  int reset_before_answer = 0;                 ///< so many are handled, then reset unanswered
  std::optional<std::size_t> cut_after_bytes;  ///< the next answer ends after so many raw bytes
  std::optional<std::string> raw_answer;  ///< the next answer's bytes, in place of the vendor's
};

/// What a vendor has seen, unmasked: it is test data.
struct Ledger {
  int calls = 0;
  int refusals = 0;  ///< calls whose credentials were not accepted
  int token_requests = 0;
  int token_refusals = 0;
  std::map<std::string, int> kinds;   ///< calls by kind
  std::map<std::string, int> grants;  ///< token requests by grant
  std::map<int, int> statuses;        ///< answers by HTTP status
  std::optional<Request> last, last_token;
};

struct RateWindow {
  std::int64_t minute = 0;
  int used = 0;
};

struct Vendor {
  Faults calls, tokens;
  Ledger ledger;
  int rate_limit = 5000;  ///< calls per endpoint per minute
  std::map<std::string, RateWindow> windows;

  /// Counts a call of `endpoint`; false if that is one too many in this minute.
  bool admit(const std::string& endpoint, std::int64_t now);
  int remaining(const std::string& endpoint, std::int64_t now) const;
};

struct HibobState {
  std::map<std::string, int> polls;   ///< of a report's file, by report id
  std::deque<std::int64_t> refusals;  ///< when answers of 401 were given
  std::int64_t blocked_until = 0;
};

struct WorkdayState {
  std::map<std::string, std::int64_t> access_tokens;  ///< to their expiry
  std::string refresh_token, last_refresh_token;
  std::set<std::string> used_refresh_tokens;
  bool family_revoked = false;

  bool accepts(const std::string& access_token, std::int64_t now) const;
};

struct NmbrsState {
  std::map<std::string, std::int64_t> access_tokens;  ///< to their expiry
  std::int64_t refresh_number = -1;  ///< of the refresh token that is valid; -1: whichever comes
  bool family_revoked = false;
};

struct TaleoBusinessState {
  std::map<std::string, std::int64_t> sessions;  ///< open ones, to their expiry
};

/// All state there is. `now` is set by the owner before each request; nothing reads a clock.
struct World {
  explicit World(Settings chosen = {});

  Settings settings;
  std::int64_t now = 0;  ///< Unix seconds
  int connections = 0;   ///< TLS connections since start or reset
  std::map<std::string, Vendor> vendors;
  HibobState hibob;
  WorkdayState workday;
  NmbrsState nmbrs;
  TaleoBusinessState taleo_business;

  /// As it was at start; settings and clock stay.
  void reset();
};

/// 40 letters and digits that nobody can guess.
std::string random_token();

}  // namespace penstock::sandbox
