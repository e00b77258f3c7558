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

#include "session/world.hpp"

namespace penstock::simulation {

/// Time and chance, all from one seed: the same seed is the same run.
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

/// What no run may show. Kept as sentences.
struct Verdict {
  std::vector<std::string> broken;
  void require(bool holds, const std::string& promise) {
    if (!holds) broken.push_back(promise);
  }
};

/// A vendor whose refresh tokens rotate: r0, r1, …; strict, or with grace for the last one.
class Vendor {
 public:
  Vendor(Clock& clock, Verdict& verdict, bool grace)
      : clock_(clock), verdict_(verdict), grace_(grace) {}

  session::FetchReply token(const std::string& refresh, bool down, bool from_the_living);
  bool accepts(const std::string& access) const {
    return access == "a" + std::to_string(generation_);
  }
  /// Nobody will ever hear this answer: the next use of the old token is no mistake of ours.
  void answer_lost() { excused_ = true; }
  void settled() { excused_ = false; }
  bool excused() const { return excused_; }
  void revoke_access() { revoked_ = generation_; }
  bool is_revoked() const { return revoked_ == generation_; }

  int requests = 0;

 private:
  Clock& clock_;
  Verdict& verdict_;
  const bool grace_;
  int generation_ = 0, revoked_ = -1;
  bool excused_ = false;
};

/// A store that replicas share, with leases as PostgreSQL's.
class Store {
 public:
  Store(Clock& clock, Verdict& verdict) : clock_(clock), verdict_(verdict) {}

  std::optional<Lease> lease(const std::string& key, std::uint64_t holder);
  bool extend(std::uint64_t fence);
  void release(std::uint64_t fence);
  Result<std::uint64_t> save(const StoredState& state, std::uint64_t fence);
  std::optional<StoredState> load() const { return state_; }
  void died(std::uint64_t holder) { dead_.insert(holder); }

 private:
  Clock& clock_;
  Verdict& verdict_;
  std::optional<StoredState> state_;
  std::uint64_t fence_ = 0, holder_ = 0;
  std::int64_t lease_until_ = 0;
  std::set<std::uint64_t> dead_;
};

/// All that one life of a replica reaches. Once the life is over nothing comes back to it.
class SimulatedWorld final : public session::World,
                             public std::enable_shared_from_this<SimulatedWorld> {
 public:
  SimulatedWorld(Clock& clock, Vendor& vendor, Store& store, const Faults& faults,
                 std::uint64_t life, std::int64_t skew_ms)
      : clock_(clock), vendor_(vendor), store_(store), faults_(faults), life_(life),
        skew_ms_(skew_ms) {}

  std::int64_t now_unix_ms() override { return 1'700'000'000'000 + clock_.now() + skew_ms_; }
  std::array<std::uint8_t, 32> entropy() override;
  void fetch(session::FetchRequest request,
             std::function<void(Result<session::FetchReply>)> handler) override;
  void wait(std::chrono::milliseconds time, std::function<void()> handler) override;
  void save(std::string key, StoredState state, std::uint64_t fence,
            std::function<void(Result<std::uint64_t>)> handler) override;
  void lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) override;
  void extend(std::string key, std::uint64_t fence,
              std::function<void(Result<bool>)> handler) override;
  void release(std::string key, std::uint64_t fence) override;

  void kill();
  bool alive() const { return alive_; }
  std::uint64_t life() const { return life_; }
  void set_clock(std::int64_t skew_ms) { skew_ms_ = skew_ms; }

 private:
  /// In the time that a store takes, unless this life is over by then.
  template <class Handler, class Value>
  void answer(Handler handler, Value value, std::int64_t ms);

  Clock& clock_;
  Vendor& vendor_;
  Store& store_;
  const Faults& faults_;
  const std::uint64_t life_;
  std::int64_t skew_ms_;
  bool alive_ = true, fetching_ = false;
};

}  // namespace penstock::simulation
