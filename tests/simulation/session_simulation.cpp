// Replicas, crashes, clocks and losses from a seed: `session_simulation [SEEDS [FIRST]]`.
// A seed that breaks an invariant is printed; giving it as FIRST with SEEDS 1 runs it again.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "../unit/rotating_plugin.hpp"
#include "session/credential_key.hpp"
#include "session/session_slot.hpp"
#include "simulated_world.hpp"

namespace penstock::simulation {
namespace {

using session::SessionRequest;
using session::SessionSlot;
using session::SessionStatus;
using session::SnapshotPtr;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t stormy = 10 * minute, settled = 18 * minute, calm = 45 * minute;

struct Replica {
  std::shared_ptr<SimulatedEnvironment> environment;
  std::shared_ptr<SessionSlot> state;
  std::int64_t worked_ms = 0;  ///< when a call last had a session that the vendor accepts
  SnapshotPtr served;          ///< the snapshot of that call
  std::string key;             ///< of its state in the store
};

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : clock_(seed), kind_(static_cast<Vendor::Kind>(clock_.pick(3))),
        vendor_(clock_, verdict_, kind_), store_(clock_, verdict_, vendor_) {
    plugin_ = host::Instance::create(rotating_plugin::functions,
                                     *Egress::parse({"https://login.example"}))
                  .
                  operator*();
    constexpr std::array<std::int64_t, 5> lives = {3'600'000, 600'000, 120'000, 60'000, 15'000};
    rotating_plugin::life_ms = lives.at(clock_.pick(lives.size()));
    const auto sometimes = [this](double most) { return clock_.chance(0.5) ? most : 0.0; };
    faults_ = {sometimes(0.1), sometimes(0.1),  sometimes(0.2),
               sometimes(0.1), sometimes(0.05), sometimes(0.05)};
    replicas_.resize(1 + clock_.pick(3));
    for (Replica& replica : replicas_)
      start(replica);
  }

  const std::vector<std::string>& run() {
    for (std::size_t i = 0; i < replicas_.size(); ++i)
      call(i);
    disturb();
    clock_.run_until(stormy);
    faults_ = {};
    calm_ = true;
    clock_.run_until(settled);
    trouble_at_the_vendor();
    clock_.run_until(settled + calm);
    check_recovery();
    return verdict_.broken;
  }

  int renewals() const { return vendor_.requests; }

 private:
  void start(Replica& replica) {
    const auto skew = static_cast<std::int64_t>(clock_.pick(4'000)) - 2'000;
    replica.environment = std::make_shared<SimulatedEnvironment>(clock_, verdict_, vendor_, store_,
                                                                 faults_, ++lives_, skew);
    replica.served = nullptr;
    // One credential under two ids: a renamed or duplicated integration.
    const host::Connection configured{lives_ % 2 == 0 ? "acme" : "acme-eu",
                                      {{"refresh_token", Secret("r0"), true}}};
    const bool rotates = kind_ != Vendor::Kind::fixed;
    auto located = session::locate_state(store_, "p", configured, "refresh_token");
    replica.key = located->key;
    replica.state =
        std::make_shared<SessionSlot>(located->key, configured, std::move(located->state), rotates);
  }

  SessionRequest request(std::uint64_t used) const {
    SessionRequest out;
    out.plugin = plugin_;
    out.used_generation = used;
    return out;
  }

  /// Consecutive calls on this replica.
  void call(std::size_t index) {
    Replica& replica = replicas_[index];
    if (const std::int64_t until = replica.environment->stopped_until(); until > clock_.now())
      return clock_.after(until - clock_.now(), [this, index] { call(index); });
    const SnapshotPtr now = replica.state->current();
    const std::int64_t time = replica.environment->now_unix_ms();
    const auto serves = [&](const SnapshotPtr& one) {
      return one && one->session && one->session->expires_ms > time && !refused_by_vendor(*one);
    };
    const bool lives = now->session && now->session->expires_ms > time;
    verdict_.require(lives || !serves(replica.served), "a valid session was dropped");
    if (lives) check_session(replica.served, *now);
    if (lives && refused_by_vendor(*now)) {
      want(replica, now->generation);
    } else if (lives) {
      replica.worked_ms = clock_.now();
      replica.served = now;
      replica.state->refresh_early(request(now->generation), replica.environment);
    } else {
      want(replica, now->session ? now->generation : 0);
    }
    clock_.after(static_cast<std::int64_t>(100 + clock_.pick(3'000)),
                 [this, index] { call(index); });
  }

  static std::string access_of(const session::Snapshot& snapshot) {
    return std::string(snapshot.session->items.at(0).value.reveal());
  }

  void check_session(const SnapshotPtr& served, const session::Snapshot& now) {
    verdict_.require(store_.has_saved(access_of(now)), "a session was used before it was durable");
    if (!served || access_of(*served) == access_of(now)) return;
    verdict_.require(now.generation > served->generation,
                     "a new session has the generation of an old one");
  }

  /// Checked when it is reported: another replica may obtain a session later.
  void check_refusal(const std::string& key, const SessionSlot& state,
                     SimulatedEnvironment& environment) {
    const auto stored = *store_.load(key);
    const bool good = stored && !stored->credentials.empty() &&
                      vendor_.takes(std::string(stored->credentials.at(0).value.reveal()));
    verdict_.require(!good || !refuses(state, environment),
                     "a valid credential was reported as refused");
  }

  static bool refuses(const SessionSlot& state, SimulatedEnvironment& environment) {
    return state.status(environment.now_unix_ms()).health ==
           SessionStatus::Health::needs_credentials;
  }
  static bool refuses(const Replica& replica) {
    return refuses(*replica.state, *replica.environment);
  }

  bool refused_by_vendor(const session::Snapshot& snapshot) const {
    const std::string access = access_of(snapshot);
    return !vendor_.accepts(access) || vendor_.is_revoked();
  }

  void want(const Replica& replica, std::uint64_t used) {
    const auto results = std::make_shared<int>(0);
    const bool refused = refuses(replica);
    // The state owns its waiting calls: nothing of a killed replica stays.
    replica.state->obtain(request(used), replica.environment,
                          [this, results, refused, served = replica.served,
                           environment = replica.environment, key = replica.key,
                           &state = *replica.state](const auto& result) {
                            verdict_.require(++*results == 1, "a call was answered twice");
                            if (result) check_session(served, **result);
                            if (!refused) check_refusal(key, state, *environment);
                          });
    // The longest wait: two minutes for another replica, one for the vendor, and the time that the
    // replica is stopped.
    clock_.after(20 * minute, [this, results, environment = replica.environment] {
      verdict_.require(*results == 1 || !environment->alive(), "a call was never answered");
    });
  }

  /// Crashes, clock changes and revoked tokens, until the calm phase.
  void disturb() {
    if (calm_) return;
    Replica& victim = replicas_[clock_.pick(replicas_.size())];
    switch (clock_.pick(8)) {
    case 0:
      victim.environment->kill();
      start(victim);
      break;
    case 1:
      vendor_.revoke_access();
      break;
    case 2:
      victim.environment->set_clock(static_cast<std::int64_t>(clock_.pick(2 * 3'600'000)) -
                                    3'600'000);
      break;
    case 3:
      victim.environment->stop(static_cast<std::int64_t>(clock_.pick(5 * minute)));
      break;
    case 4:
      store_.restart();
      break;
    case 5: {
      const auto index = static_cast<std::size_t>(&victim - replicas_.data());
      victim.environment->end([this, index] { start(replicas_[index]); });
      break;
    }
    case 6:
      down_ = !down_;
      vendor_.set_down(down_);
      break;
    default:
      break;
    }
    clock_.after(static_cast<std::int64_t>(clock_.pick(minute)), [this] { disturb(); });
  }

  /// The vendor's own faults, one after the other, without any others.
  void trouble_at_the_vendor() {
    vendor_.set_down(false);
    clock_.run_until(clock_.now() + minute);
    vendor_.set_down(true);
    clock_.run_until(clock_.now() + 10 * minute);
    vendor_.set_down(false);
    check_return("a vendor that was down and is back");
    if (kind_ != Vendor::Kind::fixed) return;
    vendor_.set_refusing(true);
    vendor_.revoke_access();
    clock_.run_until(clock_.now() + 10 * 1'000);
    vendor_.set_refusing(false);
    clock_.run_until(clock_.now() + minute);
    check_return("a vendor that accepts the grant again");
  }

  void check_return(const std::string& of_whom) {
    const std::int64_t since = clock_.now();
    clock_.run_until(since + 45'000);
    for (const Replica& replica : replicas_) {
      if (store_.refuses() || refuses(replica)) continue;  // check_recovery() judges that
      verdict_.require(replica.worked_ms > since, of_whom + " is not contacted again");
    }
  }

  void check_recovery() {
    for (const Replica& replica : replicas_) {
      if (store_.refuses() || refuses(replica)) {
        verdict_.require(store_.refuses() || store_.may_not_know(), "a refusal was not saved");
        verdict_.require(kind_ == Vendor::Kind::strict,
                         "a credential was lost though the vendor accepts it");
        verdict_.require(vendor_.ever_lost(),
                         "a credential was lost though every response arrived");
        verdict_.require(refuses(replica), "a replica does not know that the credential is lost");
        continue;
      }
      verdict_.require(replica.worked_ms > clock_.now() - minute,
                       "a replica has no working session long after the last fault");
    }
  }

  Clock clock_;
  Verdict verdict_;
  const Vendor::Kind kind_;
  Vendor vendor_;
  Store store_;
  Faults faults_;
  std::shared_ptr<const host::Instance> plugin_;
  std::vector<Replica> replicas_;
  std::uint64_t lives_ = 0;
  bool calm_ = false, down_ = false;
};

}  // namespace
}  // namespace penstock::simulation

int main(int argc, char** argv) {
  const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::uint64_t broken = 0;
  std::int64_t renewals = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    penstock::simulation::Run run(seed);
    const auto& promises = run.run();
    renewals += run.renewals();
    if (promises.empty()) continue;
    ++broken;
    std::printf("seed %llu: %s (%zu in all)\n", static_cast<unsigned long long>(seed),
                promises.front().c_str(), promises.size());
  }
  std::printf("%llu seeds, %lld token requests, %llu broken\n",
              static_cast<unsigned long long>(seeds), static_cast<long long>(renewals),
              static_cast<unsigned long long>(broken));
  return broken == 0 && renewals > static_cast<std::int64_t>(seeds) ? 0 : 1;
}
