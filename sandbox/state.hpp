#pragma once

#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace penstock::sandbox {

/// Settings from the command line.
struct Settings {
  int token_lifetime = 3600;  ///< seconds
  bool rotate_refresh_tokens = false;
  bool refresh_grace = false;  ///< the previous refresh token still works
};

/// Faults to inject, for a vendor's calls or for its token requests.
struct Faults {
  int delay_ms = 0;   ///< before every response
  int fail_next = 0;  ///< this many requests get `status`
  int status = 503;
  int reset_before_answer = 0;  ///< this many are processed, then reset without a response
  std::optional<std::size_t> cut_after_bytes;  ///< the next response ends after this many raw bytes
  std::optional<std::string> raw_answer;  ///< the next response's bytes, instead of the vendor's
};

/// What a vendor has received, not redacted: it is test data.
struct Ledger {
  int calls = 0;
  int refusals = 0;  ///< calls whose credentials were rejected
  int token_requests = 0;
  int token_refusals = 0;
  std::map<std::string, int> kinds;   ///< calls by kind
  std::map<std::string, int> grants;  ///< token requests by grant
  std::map<int, int> statuses;        ///< responses by HTTP status
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

  /// Counts a call of `endpoint`; false if it exceeds the limit for this minute.
  bool admit(const std::string& endpoint, std::int64_t now);
  int remaining(const std::string& endpoint, std::int64_t now) const;
};

struct HibobState {
  std::map<std::string, int> polls;   ///< of a report's file; key: report id
  std::deque<std::int64_t> refusals;  ///< times of the 401 responses
  std::int64_t blocked_until = 0;
};

struct WorkdayState {
  std::map<std::string, std::int64_t> access_tokens;  ///< value: expiry
  std::string refresh_token, last_refresh_token;
  std::set<std::string> used_refresh_tokens;
  bool family_revoked = false;

  bool accepts(const std::string& access_token, std::int64_t now) const;
};

struct NmbrsState {
  std::map<std::string, std::int64_t> access_tokens;  ///< value: expiry
  std::int64_t refresh_number = -1;  ///< of the valid refresh token; -1: the first one received
  bool family_revoked = false;
};

struct TaleoBusinessState {
  std::map<std::string, std::int64_t> sessions;  ///< the open ones; value: expiry
};

/// The whole state. The owner sets `now` before each request; nothing reads a clock.
struct SandboxState {
  explicit SandboxState(Settings chosen = {});

  Settings settings;
  std::int64_t now = 0;  ///< Unix seconds
  int connections = 0;   ///< TLS connections since start or reset
  std::map<std::string, Vendor> vendors;
  HibobState hibob;
  WorkdayState workday;
  NmbrsState nmbrs;
  TaleoBusinessState taleo_business;

  /// Restores the state at start; settings and clock stay.
  void reset();
};

/// 40 unpredictable letters and digits.
std::string random_token();

}  // namespace penstock::sandbox
