#include "simulated_world.hpp"

namespace penstock::simulation {

using session::FetchReply;

void Clock::run_until(std::int64_t end) {
  while (!events_.empty() && events_.top().at <= end) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.run();
  }
  now_ = end;
}

FetchReply Vendor::token(const std::string& refresh, bool down, bool from_the_living) {
  ++requests;
  if (down) return {503, {}, ""};
  const auto name = [](char kind, int number) { return kind + std::to_string(number); };
  if (refresh == name('r', generation_)) {
    ++generation_;
  } else if (generation_ > 0 && refresh == name('r', generation_ - 1)) {
    verdict_.require(excused_ || !from_the_living, "the vendor saw " + refresh +
                                   " twice, though its first answer "
                                   "had arrived");
    if (!grace_) return {400, {}, ""};
  } else {
    verdict_.require(!from_the_living, "the vendor saw " + refresh + ", older than any that could be lost");
    return {400, {}, ""};
  }
  return {200, {}, name('a', generation_) + " " + name('r', generation_)};
}

std::optional<Lease> Store::lease(const std::string&, std::uint64_t holder) {
  const bool taken =
      holder_ != 0 && holder_ != holder && !dead_.contains(holder_) && clock_.now() < lease_until_;
  if (taken) return std::nullopt;
  holder_ = holder;
  lease_until_ = clock_.now() + 90'000;
  return Lease{++fence_, state_};
}

bool Store::extend(std::uint64_t fence) {
  if (fence != fence_) return false;
  lease_until_ = clock_.now() + 90'000;
  return true;
}

void Store::release(std::uint64_t fence) {
  if (fence == fence_) holder_ = 0;
}

Result<std::uint64_t> Store::save(const StoredState& state, std::uint64_t fence) {
  const std::uint64_t present = state_ ? state_->version : 0;
  if (state.version != present || fence != fence_)
    return failure(engine_failed("changed by another replica", Phase::session, Sent::no));
  verdict_.require(state.version + 1 > present, "a stored version fell");
  state_ = state;
  ++state_->version;
  return state_->version;
}

std::array<std::uint8_t, 32> SimulatedWorld::entropy() {
  std::array<std::uint8_t, 32> out{};
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(clock_.pick(256));
  return out;
}

template <class Handler, class Value>
void SimulatedWorld::answer(Handler handler, Value value, std::int64_t ms) {
  clock_.after(ms, [self = shared_from_this(), handler = std::move(handler),
                    value = std::move(value)]() mutable {
    if (self->alive_) handler(std::move(value));
  });
}

void SimulatedWorld::fetch(session::FetchRequest request,
                           std::function<void(Result<FetchReply>)> handler) {
  fetching_ = true;
  const bool lost = clock_.chance(faults_.request_lost);
  const bool unheard = clock_.chance(faults_.answer_lost);
  const bool down = clock_.chance(faults_.vendor_down);
  const auto there = static_cast<std::int64_t>(clock_.pick(200));
  const auto back = static_cast<std::int64_t>(
      clock_.chance(faults_.slow) ? 10'000 + clock_.pick(45'000) : clock_.pick(300));
  const auto silence = [this, handler] {
    clock_.after(60'000, [self = shared_from_this(), handler] {
      if (!self->alive_) return;
      self->fetching_ = false;
      handler(failure(vendor_unreachable("silence", Phase::session, Sent::unknown)));
    });
  };
  if (lost) return silence();
  clock_.after(there, [this, self = shared_from_this(), refresh = request.body, unheard, down, back,
                       silence, handler] {
    // Bytes that are on their way arrive, whether their sender still lives or not.
    FetchReply reply = vendor_.token(refresh, down, alive_);
    const bool matters = reply.status == 200;
    if (unheard || !alive_) {
      if (matters) vendor_.answer_lost();
      if (alive_) silence();
      return;
    }
    clock_.after(back, [this, self, reply = std::move(reply), matters, handler]() mutable {
      if (!alive_) {
        if (matters) vendor_.answer_lost();
        return;
      }
      fetching_ = false;
      // Excused until it is stored: a replica that dies before that has lost it.
      if (matters) vendor_.answer_lost();
      handler(std::move(reply));
    });
  });
}

void SimulatedWorld::wait(std::chrono::milliseconds time, std::function<void()> handler) {
  clock_.after(time.count(), [self = shared_from_this(), handler = std::move(handler)] {
    if (self->alive_) handler();
  });
}

void SimulatedWorld::save(std::string, StoredState state, std::uint64_t fence,
                          std::function<void(Result<std::uint64_t>)> handler) {
  const bool before = clock_.chance(faults_.store_fails_before);
  const bool after = clock_.chance(faults_.store_fails_after);
  const auto lost = failure(engine_failed("the store is away", Phase::session, Sent::no));
  if (before) return answer(std::move(handler), Result<std::uint64_t>(lost), 20);
  clock_.after(static_cast<std::int64_t>(clock_.pick(20)),
               [this, self = shared_from_this(), state, fence, after, lost, handler] {
                 Result<std::uint64_t> version = store_.save(state, fence);
                 if (version && state.renewal_began_ms == 0 && state.refusal.empty())
                   vendor_.settled();
                 answer(handler, after ? Result<std::uint64_t>(lost) : version, 5);
               });
}

void SimulatedWorld::lease(std::string key,
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

void SimulatedWorld::extend(std::string, std::uint64_t fence,
                            std::function<void(Result<bool>)> handler) {
  if (clock_.chance(faults_.store_fails_before)) {
    return answer(
        std::move(handler),
        Result<bool>(failure(engine_failed("the store is away", Phase::session, Sent::no))), 20);
  }
  answer(std::move(handler), Result<bool>(store_.extend(fence)), 5);
}

void SimulatedWorld::release(std::string, std::uint64_t fence) { store_.release(fence); }

void SimulatedWorld::kill() {
  if (fetching_) vendor_.answer_lost();
  alive_ = false;
  store_.died(life_);
}

}  // namespace penstock::simulation
