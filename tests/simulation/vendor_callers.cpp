#include "vendor_callers.hpp"

#include <algorithm>
#include <future>

namespace penstock::simulation {
namespace {

using Clock = std::chrono::steady_clock;

Call make_call(const CallPlan& plan) {
  Call call;
  call.tool = "hibob";
  call.api = "v1";
  call.integration_id = "hibob:acme";
  call.method = plan.method;
  call.path = "/m" + std::to_string(plan.mark);
  call.timeout = plan.timeout;
  return call;
}

std::string mark_of(const Headers& headers) {
  return std::string(headers.get("x-mark").value_or(""));
}

}  // namespace

namespace {

/// A streaming caller.
class Peer final : public ProxyPeer {
 public:
  using Told = std::function<void(Outcome)>;

  Peer(CallPlan plan, VendorServer& timers, Told told)
      : plan_(std::move(plan)), timers_(timers), told_(std::move(told)) {}

  void read(ReadHandler handler) override {
    const std::size_t most = plan_.slow ? 1 + plan_.body.size() / 3 : 20'000;
    std::string piece = plan_.body.substr(std::min(sent_, plan_.body.size()), most);
    sent_ += piece.size();
    if (!plan_.slow) return handler(std::move(piece));
    timers_.after(1, [handler = std::move(handler), piece] { handler(piece); });
  }
  void interim(Response) override {}
  void head(Response head) override {
    outcome_.status = head.status;
    outcome_.mark = mark_of(head.headers);
    outcome_.places_left = head.concurrency_slots.remaining;
  }
  void write(std::string piece, std::function<void(bool)> next) override {
    outcome_.body += piece;
    const bool more = !plan_.stops_after || outcome_.body.size() < *plan_.stops_after;
    if (!plan_.slow) return next(more);
    timers_.after(1, [next = std::move(next), more] { next(more); });
  }
  void finish(Result<ProxyEnd> end) override {
    outcome_.success = end.has_value();
    if (!end) outcome_.error = std::move(end).error();
    told_(outcome_);
  }

 private:
  CallPlan plan_;
  VendorServer& timers_;
  Told told_;
  std::size_t sent_ = 0;
  Outcome outcome_;
};

Outcome outcome_of(Result<Response> result) {
  Outcome out;
  out.success = result.has_value();
  if (!result) {
    out.error = std::move(result).error();
    return out;
  }
  out.status = result->status;
  out.mark = mark_of(result->headers);
  out.body = std::move(result->body);
  out.places_left = result->concurrency_slots.remaining;
  return out;
}

std::string described(int mark, const Outcome& outcome) {
  std::string out = "caller m" + std::to_string(mark) + " is told: ";
  if (outcome.success)
    return out + std::to_string(outcome.status) + " mark " + outcome.mark + ", " +
           std::to_string(outcome.body.size()) + " bytes";
  return out + outcome.error.message + " (sent " + std::string(text(outcome.error.sent)) + ", " +
         std::string(text(outcome.error.phase)) + ")";
}

}  // namespace

/// Kept by its calls: one that is told twice, or late, must find it.
struct Callers::Phase : std::enable_shared_from_this<Phase> {
  Phase(Engine& engine_in, VendorServer& vendor_in, Trace& trace_in, std::vector<CallPlan> plans_in)
      : engine(engine_in), vendor(vendor_in), trace(trace_in), plans(std::move(plans_in)),
        outcomes(plans.size()), left(plans.size()) {}

  Engine& engine;
  VendorServer& vendor;
  Trace& trace;
  const std::vector<CallPlan> plans;
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<Outcome> outcomes;
  std::size_t left, next = 0;

  void start_next() {
    std::unique_lock lock(mutex);
    if (next == plans.size()) return;
    const std::size_t index = next++;
    lock.unlock();
    start(index);
  }

  void start(std::size_t index) {
    const CallPlan& plan = plans[index];
    const auto told = [self = shared_from_this(), index, started = Clock::now()](Outcome outcome) {
      self->tell(index, std::move(outcome), started);
    };
    Call call = make_call(plan);
    if (plan.gone_after_ms) {
      const auto gone = std::make_shared<std::atomic<bool>>(false);
      call.client_disconnected = gone;
      vendor.after(*plan.gone_after_ms, [gone] { *gone = true; });
    }
    trace.add("caller m" + std::to_string(plan.mark) + " " + plan.method +
              (plan.streamed ? " streams " : " sends ") + std::to_string(plan.body.size()) +
              " bytes");
    if (plan.streamed) {
      ProxyCall streamed;
      streamed.call = std::move(call);
      streamed.has_body = !plan.body.empty();
      if (plan.says_length) streamed.body_length = plan.body.size();
      return engine.proxy(std::move(streamed), std::make_shared<Peer>(plan, vendor, told));
    }
    if (!plan.body.empty()) call.body = plan.body;
    engine.start(std::move(call),
                 [told](Result<Response> result) { told(outcome_of(std::move(result))); });
  }

  void tell(std::size_t index, Outcome outcome, Clock::time_point started) {
    trace.add(described(plans[index].mark, outcome));
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
    {
      const std::scoped_lock lock(mutex);
      outcome.times = outcomes[index].times + 1;
      if (outcome.times == 1) --left;
      outcomes[index] = std::move(outcome);
      ended.notify_all();
    }
    start_next();
  }
};

void Callers::run_on_loop(std::function<void()> function) {
  Call call;
  call.tool = "nobody";
  engine_.start(std::move(call), [function = std::move(function)](const auto&) { function(); });
}

std::vector<Outcome> Callers::run(const std::vector<CallPlan>& plans, std::size_t width,
                                  const std::function<void()>& before_written) {
  const auto phase = std::make_shared<Phase>(engine_, vendor_, trace_, plans);
  std::promise<void> queued, done;
  // The loop stands until all is queued: the calls' first steps, and behind them `before_written`.
  // What these steps queue comes after it, and what it makes readable comes later still.
  if (before_written) run_on_loop([until = queued.get_future().share()] { until.wait(); });
  for (std::size_t i = 0; i < width; ++i)
    phase->start_next();
  if (before_written) {
    run_on_loop([&] {
      before_written();
      done.set_value();
    });
    queued.set_value();
    done.get_future().wait();
  }
  std::chrono::milliseconds longest{0};
  for (const CallPlan& plan : plans)
    longest = std::max(longest, plan.timeout);
  std::unique_lock lock(phase->mutex);
  phase->ended.wait_for(lock, longest + std::chrono::seconds(20), [&] { return phase->left == 0; });
  return phase->outcomes;
}

}  // namespace penstock::simulation
