#include "simulated_world.hpp"

#include <algorithm>

namespace penstock::simulation {

using session::FetchResponse;

void Clock::run_until(std::int64_t end) {
  while (!events_.empty() && events_.top().at <= end) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.run();
  }
  now_ = end;
}

FetchResponse Vendor::token(const std::string& refresh, bool down, bool from_the_living) {
  ++requests;
  if (down || down_) return {503, {}, ""};
  if (kind_ == Kind::fixed) {
    if (refusing_) return {400, {}, ""};
    return {200, {}, "a" + std::to_string(++generation_)};
  }
  const auto name = [](char kind, int number) { return kind + std::to_string(number); };
  const bool excused =
      !from_the_living || lost_ == generation_ || (generation_ > 0 && excused_ == generation_);
  if (refresh == name('r', generation_)) {
    // The response to a stopped holder arrives late, and may still be saved.
    if (excused_ == generation_) excused_ = generation_ + 1;
    ++generation_;
  } else if (generation_ > 0 && refresh == name('r', generation_ - 1)) {
    verdict_.require(excused, "the vendor saw " + refresh + " twice, though an answer had arrived");
    if (kind_ != Kind::grace) return {400, {}, ""};
  } else {
    verdict_.require(excused, "the vendor saw " + refresh + ", older than any that could be lost");
    return {400, {}, ""};
  }
  return {200, {}, name('a', generation_) + " " + name('r', generation_)};
}

std::optional<Lease> Store::lease(const std::string& key, std::uint64_t holder) {
  Slot& slot = slots_[key];
  const std::int64_t now = clock_.now();
  const bool dead = dead_.contains(slot.holder);
  const bool silent = now > std::max(slot.heard, started_) + silence_ms;
  const bool gone = dead || !slot.connected;
  const bool taken =
      slot.holder != 0 && slot.holder != holder && now < slot.lease_until && !(gone && silent);
  if (taken) return std::nullopt;
  const bool stood_still =
      stopped_until_.contains(slot.holder) && stopped_until_[slot.holder] > slot.heard;
  if (slot.holder != 0 && slot.holder != holder && !dead && stood_still) vendor_.excuse();
  slot.holder = holder;
  slot.connected = true;
  slot.heard = now;
  slot.lease_until = now + lease_ms;
  return Lease{++slot.fence, slot.state};
}

bool Store::extend(const std::string& key, std::uint64_t fence, std::uint64_t holder) {
  Slot& slot = slots_[key];
  if (fence != slot.fence || slot.holder == 0) return false;
  slot.holder = holder;
  slot.connected = true;
  slot.heard = clock_.now();
  slot.lease_until = slot.heard + lease_ms;
  return true;
}

void Store::release(const std::string& key, std::uint64_t fence) {
  Slot& slot = slots_[key];
  if (fence == slot.fence) slot.holder = 0;
}

void Store::restart() {
  for (auto& [key, slot] : slots_)
    slot.connected = false;
  started_ = clock_.now();
}

Result<std::uint64_t> Store::save(const std::string& key, const StoredState& state,
                                  std::uint64_t fence) {
  Slot& slot = slots_[key];
  const std::uint64_t present = slot.state ? slot.state->version : 0;
  if (state.version != present || (fence != 0 && fence != slot.fence))
    return failure(engine_failed("changed by another replica", Phase::session, Sent::no));
  slot.state = state;
  ++slot.state->version;
  if (!state.refusal.empty()) refuses_ = true;
  if (state.renewal_began_ms == 0 && !state.session.empty()) {
    refuses_ = false;
    const std::string access(state.session.at(0).value.reveal());
    saved_.insert(access);
    saved_generation_ = std::max(saved_generation_, std::stoi(access.substr(1)));
  }
  return slot.state->version;
}

std::shared_ptr<void> SimulatedEnvironment::begin_exchange() { return gate_->enter(); }

std::array<std::uint8_t, 32> SimulatedEnvironment::entropy() {
  std::array<std::uint8_t, 32> out{};
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(clock_.pick(256));
  return out;
}

void SimulatedEnvironment::deliver(std::function<void()> event) {
  if (!alive_) return;
  if (clock_.now() >= stopped_until_) return event();
  clock_.after(stopped_until_ - clock_.now(),
               [self = shared_from_this(), event = std::move(event)]() mutable {
                 self->deliver(std::move(event));
               });
}

template <class Handler, class Value>
void SimulatedEnvironment::answer(Handler handler, Value value, std::int64_t ms) {
  clock_.after(ms, [self = shared_from_this(), handler = std::move(handler),
                    value = std::move(value)]() mutable {
    self->deliver([handler = std::move(handler), value = std::move(value)] { handler(value); });
  });
}

void SimulatedEnvironment::fetch(session::FetchRequest request,
                                 std::function<void(Result<FetchResponse>)> handler) {
  verdict_.require(!store_.refuses(), "the vendor was contacted again after its refusal was saved");
  // The shutdown waits for a renewal that has saved its intent before.
  verdict_.require(!ending_ || !gate_->close(std::chrono::milliseconds(0)),
                   "a renewal began after the shutdown");
  ++fetching_;
  handler = [self = shared_from_this(),
             handler = std::move(handler)](Result<FetchResponse> response) {
    --self->fetching_;
    handler(std::move(response));
  };
  verdict_.require(std::exchange(intends_, false), "the vendor was contacted without an intent");
  const bool lost = clock_.chance(faults_.request_lost);
  const bool unheard = clock_.chance(faults_.answer_lost);
  const bool down = clock_.chance(faults_.vendor_down);
  const auto there = static_cast<std::int64_t>(clock_.pick(200));
  const auto back = static_cast<std::int64_t>(
      clock_.chance(faults_.slow) ? 10'000 + clock_.pick(45'000) : clock_.pick(300));
  if (lost || unheard) {
    const Result<FetchResponse> silence =
        failure(vendor_unreachable("silence", Phase::session, Sent::unknown));
    answer(handler, silence, 60'000);
  }
  if (lost) return;
  clock_.after(there, [this, self = shared_from_this(), refresh = request.body, unheard, down, back,
                       handler] {
    // A request that was sent arrives, even if its sender was killed.
    FetchResponse response = vendor_.token(refresh, down, alive_);
    const bool matters = response.status == 200;
    if (matters && (unheard || !alive_)) vendor_.answer_lost();
    if (unheard || !alive_) return;
    // A process that ends before the response is saved loses it.
    if (matters) held_ = vendor_.generation();
    answer(handler, Result<FetchResponse>(std::move(response)), back);
  });
}

void SimulatedEnvironment::wait(std::chrono::milliseconds time, std::function<void()> handler) {
  clock_.after(time.count(), [self = shared_from_this(), handler = std::move(handler)]() mutable {
    self->deliver(std::move(handler));
  });
}

void SimulatedEnvironment::save(std::string key, StoredState state, std::uint64_t fence,
                                std::function<void(Result<std::uint64_t>)> handler) {
  const bool before = clock_.chance(faults_.store_fails_before);
  const bool after = clock_.chance(faults_.store_fails_after);
  const auto lost = failure(engine_failed("the store is away", Phase::session, Sent::no));
  if (before && !state.refusal.empty()) store_.missed_refusal();
  if (before) return answer(std::move(handler), Result<std::uint64_t>(lost), 20);
  clock_.after(static_cast<std::int64_t>(clock_.pick(20)),
               [this, self = shared_from_this(), key, state, fence, after, lost, handler] {
                 const Result<std::uint64_t> version = store_.save(key, state, fence);
                 intends_ = version && state.renewal_began_ms != 0;
                 answer(handler, after ? Result<std::uint64_t>(lost) : version, 5);
               });
}

void SimulatedEnvironment::lease(std::string key,
                                 std::function<void(Result<std::optional<Lease>>)> handler) {
  if (clock_.chance(faults_.store_fails_before)) {
    return answer(std::move(handler),
                  Result<std::optional<Lease>>(
                      failure(engine_failed("the store is away", Phase::session, Sent::no))),
                  20);
  }
  clock_.after(static_cast<std::int64_t>(clock_.pick(20)),
               [this, self = shared_from_this(), key, handler] {
                 if (!alive_) return;
                 answer(handler, Result<std::optional<Lease>>(store_.lease(key, life_)), 5);
               });
}

/// Never twice in a row: a holder without heartbeats rightly loses its lease.
bool SimulatedEnvironment::extension_fails() {
  extension_failed_ = !extension_failed_ && clock_.chance(faults_.store_fails_before);
  return extension_failed_;
}

void SimulatedEnvironment::extend(std::string key, std::uint64_t fence,
                                  std::function<void(Result<bool>)> handler) {
  if (extension_fails()) {
    return answer(
        std::move(handler),
        Result<bool>(failure(engine_failed("the store is away", Phase::session, Sent::no))), 20);
  }
  answer(std::move(handler), Result<bool>(store_.extend(key, fence, life_)), 5);
}

void SimulatedEnvironment::release(std::string key, std::uint64_t fence) {
  store_.release(key, fence);
}

void SimulatedEnvironment::kill() {
  if (holds_answer()) vendor_.answer_lost();
  alive_ = false;
  store_.died(life_);
}

void SimulatedEnvironment::end(std::function<void()> ended) {
  if (ending_) return;
  end_when_idle(clock_.now(), std::move(ended));
}

void SimulatedEnvironment::end_when_idle(std::int64_t since_ms, std::function<void()> ended) {
  if (!alive_) return;  // killed meanwhile
  // Nothing begins now; requests in flight began before.
  const bool idle = gate_->close(std::chrono::milliseconds(0));
  ending_ = true;
  const std::int64_t limit = std::chrono::milliseconds(session::max_shutdown_wait).count();
  const bool late = clock_.now() - since_ms >= limit;
  if (!idle && !late) {
    return clock_.after(
        10, [this, self = shared_from_this(), since_ms, ended] { end_when_idle(since_ms, ended); });
  }
  verdict_.require(late || (fetching_ == 0 && !holds_answer()),
                   "a graceful shutdown did not wait for the response to a renewal");
  kill();
  ended();
}

void SimulatedEnvironment::stop(std::int64_t ms) {
  stopped_until_ = std::max(stopped_until_, clock_.now() + ms);
  store_.stopped(life_, stopped_until_);
}

}  // namespace penstock::simulation
