// Calls with wrong credentials from a seed: `lockout_simulation [SEEDS [FIRST]]`. Vendors that shut
// out an account after so many refusals in a row, or an address after so many in ten seconds, must
// never come to do it, whether calls overlap or not and by whatever status the vendor refuses; and
// what is right must go on meanwhile.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "call/response_rules.hpp"
#include "runtime/backoff.hpp"

namespace penstock::simulation {
namespace {

using namespace std::chrono_literals;
using runtime::AuthFailureBudgets;
using runtime::Backoff;
using runtime::SteadyTime;

/// How a vendor refuses, and when it shuts out.
struct Vendor {
  int refusal_status = 401;
  bool says_so_in_the_body = false;  ///< the plugin reads it: SOAP
  static constexpr int account_limit = 20;
  static constexpr std::chrono::minutes account_window{5};
  static constexpr int address_limit = 50;
  static constexpr std::chrono::seconds address_window{10};

  std::deque<SteadyTime> auth_failures;
  std::map<int, std::deque<SteadyTime>> of_account;

  /// Whether this refusal makes it shut out the account or the address.
  bool shuts_out(int account, SteadyTime now) {
    auto& own = of_account[account];
    own.push_back(now);
    auth_failures.push_back(now);
    while (own.front() + account_window <= now)
      own.pop_front();
    while (auth_failures.front() + address_window <= now)
      auth_failures.pop_front();
    return own.size() >= account_limit || auth_failures.size() >= address_limit;
  }
};

struct Connection {
  Backoff backoff;
  bool right = false;
  int answered = 0;
  bool taken = false;  ///< and it is known
};

/// The broken promise of a seed; empty: none.
std::string run(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t below) { return random() % below; };
  const struct {
    int status;
    bool in_body;
  } ways[] = {{401, false}, {500, true}, {403, true}, {200, true}};
  const auto way = ways[pick(4)];
  Vendor vendor{way.status, way.in_body, {}, {}};
  AuthFailureBudgets budgets;
  const std::string host = "api.vendor.example";
  std::deque<Connection> connections(1 + pick(100));
  connections.front().right = true;

  SteadyTime now = SteadyTime() + 1h;
  const SteadyTime end = now + 20min;
  const std::uint64_t busiest_gap_ms = 1 + pick(300);
  while (now < end) {
    now += std::chrono::milliseconds(1 + pick(busiest_gap_ms));  // 0 would never reach the end
    const auto account = static_cast<int>(pick(connections.size()));
    Connection& one = connections[static_cast<std::size_t>(account)];
    if (one.backoff.admit("one", host, budgets, false, now)) {
      if (one.right && one.taken) return "credentials that are taken were held back";
      continue;
    }
    call::Classification classification;
    int status = one.right ? 200 : vendor.refusal_status;
    if (pick(4) == 0) {
      status = 500;  // a fault that says nothing of credentials
      classification.kind = catalog::ResponseKind::vendor_fault;
    } else if (!one.right) {
      if (vendor.says_so_in_the_body) classification.kind = catalog::ResponseKind::auth_rejected;
      if (vendor.shuts_out(account, now)) return "the vendor shut us out";
    }
    ++one.answered;
    one.taken = one.taken || status == 200;
    one.backoff.record(call::credentials_verdict(classification, status, false), 0ms, host, budgets,
                       now);
  }
  for (const Connection& one : connections) {
    if (one.right && one.answered == 0) return "credentials that are taken were never used";
  }
  return {};
}

}  // namespace
}  // namespace penstock::simulation

int main(int argc, char** argv) {
  const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::uint64_t broken = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::string promise = penstock::simulation::run(seed);
    if (promise.empty()) continue;
    ++broken;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), promise.c_str());
  }
  std::printf("%llu seeds, %llu broken\n", static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(broken));
  return broken == 0 ? 0 : 1;
}
