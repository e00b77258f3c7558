#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <penstock/credential_store.hpp>

#include "session/environment.hpp"
#include "session/renewal_gate.hpp"

namespace penstock::simulation {

/// Time and randomness from one seed: the same seed gives the same run.
class Clock {
 public:
  explicit Clock(std::uint64_t seed) : random_(seed) {}

  std::int64_t now() const { return now_; }
  void after(std::int64_t ms, std::function<void()> event) {
    events_.push({now_ + ms, next_++, std::move(event)});
  }
  /// Runs events until `end`, or until none is left.
  void run_until(std::int64_t end);

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  bool chance(double probability) {
    return static_cast<double>(random_() >> 11U) * 0x1.0p-53 < probability;
  }

 private:
  struct Event {
    std::int64_t at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  std::int64_t now_ = 0;
  std::uint64_t next_ = 0;
  std::priority_queue<Event> events_;
  std::mt19937_64 random_;
};

/// What may go wrong, each with its probability.
struct Faults {
  double request_lost = 0, answer_lost = 0, slow = 0, vendor_down = 0;
  double store_fails_before = 0, store_fails_after = 0;
};

/// The violated promises of a run.
struct Verdict {
  std::vector<std::string> broken;
  void require(bool holds, const std::string& promise) {
    if (!holds) broken.push_back(promise);
  }
};

/// A vendor whose refresh tokens rotate: r0, r1, …; strict, or with a grace period for the last
/// one. Or one that accepts r0 for ever, like a signed assertion.
class Vendor {
 public:
  enum class Kind : std::uint8_t { strict, grace, fixed };
  Vendor(Clock& clock, Verdict& verdict, Kind kind)
      : clock_(clock), verdict_(verdict), kind_(kind) {}

  /// Whether its token endpoint returns 503.
  void set_down(bool down) { down_ = down; }
  /// Whether it refuses every grant, as with a wrong clock.
  void set_refusing(bool refusing) { refusing_ = refusing; }

  /// `from_the_living`: the sender waits for the response. The request of a killed sender arrives,
  /// too.
  session::FetchResponse token(const std::string& refresh, bool down, bool from_the_living);
  bool accepts(const std::string& access) const {
    return access == "a" + std::to_string(generation_);
  }
  /// Its latest response is lost: the next use of the old token is no defect.
  void answer_lost() {
    lost_ = generation_;
    ever_lost_ = true;
  }
  bool ever_lost() const { return ever_lost_; }
  /// Of its latest response.
  int generation() const { return generation_; }
  /// The holder of the lease was stopped for so long that another replica had to go on.
  void excuse() { excused_ = generation_; }
  void revoke_access() { revoked_ = generation_; }
  bool is_revoked() const { return revoked_ == generation_; }
  bool takes(const std::string& refresh) const {
    return refresh == "r" + std::to_string(generation_);
  }

  int requests = 0;

 private:
  Clock& clock_;
  Verdict& verdict_;
  const Kind kind_;
  bool down_ = false, refusing_ = false;
  int generation_ = 0, revoked_ = -1, lost_ = -1, excused_ = -1;
  bool ever_lost_ = false;
};

/// A store that replicas share, with leases as PostgreSQL's, if shorter.
class Store final : public CredentialStore {
 public:
  static constexpr std::int64_t lease_ms = 30'000;
  static constexpr std::int64_t silence_ms = 3'000;  ///< of a holder whose connection is gone

  Store(Clock& clock, Verdict& verdict, Vendor& vendor)
      : clock_(clock), verdict_(verdict), vendor_(vendor) {}

  std::optional<Lease> lease(const std::string& key, std::uint64_t holder);
  bool extend(const std::string& key, std::uint64_t fence, std::uint64_t holder);
  void release(const std::string& key, std::uint64_t fence) override;
  Result<std::uint64_t> save(const std::string& key, const StoredState& state,
                             std::uint64_t fence) override;
  Result<std::optional<StoredState>> load(const std::string& key) override {
    return slots_[key].state;
  }
  /// Whether a refusal was saved, and no session since.
  bool refuses() const { return refuses_; }
  /// The save of a refusal failed.
  void missed_refusal() { missed_refusal_ = true; }
  bool may_not_know() const { return missed_refusal_; }
  bool has_saved(const std::string& access) const { return saved_.contains(access); }
  /// The vendor's latest response that was saved; 0: none.
  int saved_generation() const { return saved_generation_; }
  void died(std::uint64_t holder) { dead_.insert(holder); }
  void stopped(std::uint64_t holder, std::int64_t until) { stopped_until_[holder] = until; }
  /// Ends all connections; the data stay.
  void restart();

 private:
  Clock& clock_;
  Verdict& verdict_;
  Vendor& vendor_;
  struct Slot {
    std::optional<StoredState> state;
    std::uint64_t fence = 0, holder = 0;
    std::int64_t lease_until = 0, heard = 0;
    bool connected = false;  ///< the holder
  };
  std::map<std::string, Slot> slots_;
  std::int64_t started_ = 0;
  bool refuses_ = false, missed_refusal_ = false;
  std::set<std::string> saved_;
  int saved_generation_ = 0;
  std::set<std::uint64_t> dead_;
  std::map<std::uint64_t, std::int64_t> stopped_until_;
};

/// The environment of one process of a replica. Nothing reaches it after its end.
class SimulatedEnvironment final : public session::Environment,
                                   public std::enable_shared_from_this<SimulatedEnvironment> {
 public:
  SimulatedEnvironment(Clock& clock, Verdict& verdict, Vendor& vendor, Store& store,
                       const Faults& faults, std::uint64_t life, std::int64_t skew_ms)
      : clock_(clock), verdict_(verdict), vendor_(vendor), store_(store), faults_(faults),
        life_(life), skew_ms_(skew_ms) {}

  std::int64_t now_unix_ms() override { return 1'700'000'000'000 + clock_.now() + skew_ms_; }
  std::array<std::uint8_t, 32> entropy() override;
  void fetch(session::FetchRequest request,
             std::function<void(Result<session::FetchResponse>)> handler) override;
  void wait(std::chrono::milliseconds time, std::function<void()> handler) override;
  std::shared_ptr<void> begin_exchange() override;
  void save(std::string key, StoredState state, std::uint64_t fence,
            std::function<void(Result<std::uint64_t>)> handler) override;
  void lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) override;
  void extend(std::string key, std::uint64_t fence,
              std::function<void(Result<bool>)> handler) override;
  void release(std::string key, std::uint64_t fence) override;

  void kill();
  /// A graceful shutdown: starts no renewal, and waits for those in flight, for a minute at most.
  /// `ended` runs when the process has ended.
  void end(std::function<void()> ended);
  /// SIGSTOP, and SIGCONT after `ms`.
  void stop(std::int64_t ms);
  std::int64_t stopped_until() const { return stopped_until_; }
  bool alive() const { return alive_; }
  std::uint64_t life() const { return life_; }
  void set_clock(std::int64_t skew_ms) { skew_ms_ = skew_ms; }

 private:
  /// After `ms`, unless this process has ended by then.
  template <class Handler, class Value>
  void answer(Handler handler, Value value, std::int64_t ms);
  /// Now, or when the process is continued; never if it has ended.
  void deliver(std::function<void()> event);
  bool extension_fails();
  /// Whether it has a response that is not saved, and that no later one replaces.
  bool holds_answer() const { return held_ > store_.saved_generation(); }

  Clock& clock_;
  Verdict& verdict_;
  Vendor& vendor_;
  Store& store_;
  const Faults& faults_;
  void end_when_idle(std::int64_t since_ms, std::function<void()> ended);

  const std::uint64_t life_;
  std::int64_t skew_ms_;
  std::shared_ptr<session::RenewalGate> gate_ = std::make_shared<session::RenewalGate>();
  bool ending_ = false;
  int fetching_ = 0;  ///< requests whose response may still arrive
  std::int64_t stopped_until_ = 0;
  bool alive_ = true;
  int held_ = 0;  ///< generation of the last response
  bool extension_failed_ = false;
  bool intends_ = false;  ///< its latest save was an intent
};

}  // namespace penstock::simulation
