// Calls through a real engine to a vendor that adds, splits, delays, repeats and cuts bytes, from a
// seed: `vendor_simulation [SEEDS [FIRST [all]]]`. The first seed that breaks a promise is printed
// with what happened on both sides; giving it as FIRST with SEEDS 1 runs it again.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <penstock/credential_store.hpp>

#include "vendor_callers.hpp"

namespace penstock::simulation {
namespace {

namespace fs = std::filesystem;

constexpr int max_in_flight = 64;

/// Tricks that the engine does not withstand yet; tried all the same with the argument `all`.
const std::set<Trick> not_yet_withstood = {};

class ForgetfulStore final : public CredentialStore {
 public:
  Result<std::optional<StoredState>> load(const std::string&) override { return {std::nullopt}; }
  Result<std::uint64_t> save(const std::string&, const StoredState& state, std::uint64_t) override {
    return state.version + 1;
  }
};

/// What all seeds share: a certificate, and a folder with the one plugin.
struct Stage {
  Stage() : certificates(sandbox::make_certificates({"api.hibob.com"})) {
    std::string pattern = (fs::temp_directory_path() / "penstock-vendors-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    folder = pattern;
    sandbox::write_whole_file((folder / "ca.pem").string(), certificates.authority_pem);
    fs::create_directory(folder / "plugins");
    fs::copy_file(PENSTOCK_BINARY_DIR "/plugins/hibob.so", folder / "plugins" / "hibob.so");
  }
  ~Stage() { fs::remove_all(folder); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::unique_ptr<Engine> engine(const std::string& address, int threads) const {
    const std::string yaml =
        "server: { api_keys: [{ name: a, key: a }] }\nplugins: { directory: plugins }\nupstream: { "
        "connect_to: '" +
        address +
        "', ca_file: ca.pem }\nintegrations:\n  - id: hibob:acme\n    tool: hibob\n"
        "    max_in_flight: " +
        std::to_string(max_in_flight) +
        "\n    connection: { service_user_id: SERVICE-0001, token: a-token }\n";
    auto config = parse_config(yaml, "simulation.yaml", folder);
    if (!config) throw std::runtime_error(config.error().front().text());
    EngineOptions options;
    options.threads = threads;
    options.store = std::make_shared<ForgetfulStore>();
    auto engine = Engine::open(*std::move(config), options);
    if (!engine) throw std::runtime_error(engine.error().front().text());
    return *std::move(engine);
  }

  sandbox::Certificates certificates;
  fs::path folder;
};

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

/// What happens in a phase that makes it impossible to tell what becomes of a call.
struct Excuses {
  bool refused = false;   ///< new connections were refused
  bool poisoned = false;  ///< the vendor sends answers to no request, which may meet one
  bool raced = false;     ///< it ends connections while requests may be on their way
};

class Run {
 public:
  Run(const Stage& stage, std::uint64_t seed, bool all) : stage_(stage), random_(seed) {
    for (std::size_t i = 0; i < tricks; ++i) {
      const auto trick = static_cast<Trick>(i);
      const bool rare = trick == Trick::no_answer || trick == Trick::part_read_then_silence;
      if (!random_.chance(rare ? 0.1 : 0.4)) continue;
      if (!all && not_yet_withstood.contains(trick)) continue;
      if (trick < first_idle_trick) {
        of_requests_.push_back(trick);
      } else if (trick < first_connection_trick) {
        of_idle_.push_back(trick);
      } else {
        refuses_ = true;
      }
    }
    quiet_ = random_.chance(0.3);  // none that races: every honest exchange must succeed
    std::erase_if(of_requests_, [&](Trick trick) { return quiet_ && races(trick); });
  }

  const std::vector<std::string>& run() {
    const std::size_t before = open_descriptors();
    {
      VendorServer vendor(stage_.certificates, Random(random_.pick(SIZE_MAX)), trace_);
      one_loop_ = random_.chance(0.7);
      auto engine = stage_.engine(vendor.address(), one_loop_ ? 1 : 2);
      Callers callers(*engine, vendor, trace_);
      const std::size_t phases = 2 + random_.pick(3);
      for (std::size_t i = 0; i < phases; ++i)
        run_phase(callers, vendor);
      run_last_call(callers, vendor);
      require(vendor.dead_closed(), "a connection is kept on which nothing can be asked any more");
      engine->stop(std::chrono::seconds(5));
      engine.reset();
      require(vendor.all_closed(), "a connection is open after the engine has gone");
      // What lay unread when a call was judged has been read by now.
      for (int mark = 1; mark <= marks_; ++mark)
        check_requests(mark, vendor.attempts(mark));
    }
    require(open_descriptors() == before, "descriptors were not given back");
    return broken_;
  }

  std::string trace() const { return trace_.text(); }
  int calls() const { return calls_; }
  int honest() const { return honest_; }

 private:
  static bool races(Trick trick) {
    return trick == Trick::poison_later || trick == Trick::close_after_answer ||
           trick == Trick::reset_after_answer || trick == Trick::early_answer_then_reset;
  }

  void require(bool holds, const std::string& promise) {
    if (holds) return;
    trace_.add("BROKEN: " + promise);
    broken_.push_back(promise);
  }

  CallPlan make_plan() {
    CallPlan plan;
    plan.mark = ++marks_;
    plan.streamed = random_.chance(0.4);
    const std::size_t what = random_.pick(10);
    plan.method = what < 5 ? "POST" : what == 9 ? "DELETE" : "GET";
    if (plan.streamed && random_.chance(0.1)) plan.method = "HEAD";
    Trick trick = of_requests_.empty() || random_.chance(0.3)
                      ? Trick::honest
                      : of_requests_[random_.pick(of_requests_.size())];
    // What any vendor does now and then.
    if (trick == Trick::honest && random_.chance(0.12)) trick = Trick::announced_close;
    // A small request is in the kernel whole, and the connection is as good as any other.
    if (trick == Trick::early_answer_unread && plan.method != "POST")
      trick = Trick::early_answer_drained;
    // To HEAD these are sound: no body, whatever the head says.
    const bool of_framing = trick == Trick::bad_chunks || trick == Trick::two_lengths;
    if (of_framing && plan.method == "HEAD") trick = Trick::honest;
    if (plan.method == "POST") {
      constexpr std::array<std::size_t, 6> sizes = {1, 40, 3'000, 40'000, 90'000, 400'000};
      const std::size_t size = sizes[random_.pick(sizes.size())];
      plan.body = std::to_string(plan.mark) + std::string(size, 'b');
      // Larger than all buffers on the way: the engine is writing while the answer comes.
      if (trick == Trick::early_answer_unread) plan.body.resize(12U << 20U, 'c');
      plan.says_length = random_.chance(0.5);
    }
    plan.slow = random_.chance(0.3);
    if (trick == Trick::no_answer || trick == Trick::part_read_then_silence) {
      plan.timeout = std::chrono::milliseconds(60);
    } else if (random_.chance(0.05)) {
      plan.gone_after_ms = static_cast<int>(random_.pick(5));
    }
    if (plan.streamed && random_.chance(0.05)) plan.stops_after = 1 + random_.pick(500);
    plan.first = make_script(random_, trick, plan.mark, 1, plan.method, plan.body.size());
    plan.later = make_script(random_, Trick::honest, plan.mark, 2, plan.method, 0);
    return plan;
  }

  void run_phase(Callers& callers, VendorServer& vendor) {
    std::vector<CallPlan> plans;
    const std::size_t calls = 4 + random_.pick(8);
    for (std::size_t i = 0; i < calls; ++i)
      plans.push_back(make_plan());
    run_calls(callers, vendor, plans, refuses_ && random_.chance(0.2));
  }

  void run_calls(Callers& callers, VendorServer& vendor, const std::vector<CallPlan>& plans,
                 bool refuses) {
    for (const CallPlan& plan : plans) {
      vendor.plan(plan.mark, {plan.method, plan.body, plan.first, plan.later});
      methods_.push_back(plan.method);
    }
    const int refused_before = vendor.refused();
    const auto begin_phase = [&] {
      vendor.begin_phase(of_idle_);
      if (refuses) vendor.refuse_connections(true);
    };
    // What happened to idle connections is noticed by itself, or when the next request is written.
    const bool unnoticed = one_loop_ && random_.chance(0.6);
    if (!unnoticed) begin_phase();
    if (!unnoticed && random_.chance(0.3))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::vector<Outcome> outcomes =
        callers.run(plans, 1 + random_.pick(5), unnoticed ? begin_phase : std::function<void()>());
    vendor.settle();
    Excuses excuses{vendor.refused() > refused_before, poisoned_};
    crossed_.clear();
    for (const CallPlan& plan : plans) {
      excuses.poisoned = excuses.poisoned || plan.first.trick == Trick::poison_later;
      excuses.raced = excuses.raced || plan.first.races;
      for (const Attempt& attempt : vendor.attempts(plan.mark))
        if (attempt.desynced) crossed_.emplace(std::to_string(plan.mark), attempt.connection);
    }
    poisoned_ = excuses.poisoned;  // a connection that met poison may be silent from then on
    for (std::size_t i = 0; i < plans.size(); ++i)
      check(plans[i], outcomes[i], vendor.attempts(plans[i].mark), excuses);
  }

  void run_last_call(Callers& callers, VendorServer& vendor) {
    CallPlan plan;
    plan.mark = ++marks_;
    plan.first = make_script(random_, Trick::honest, plan.mark, 1, plan.method, 0);
    plan.later = make_script(random_, Trick::honest, plan.mark, 2, plan.method, 0);
    run_calls(callers, vendor, {plan}, false);
    require(!last_.success || last_.places_left == max_in_flight - 1,
            "places of calls were not given back");
  }

  bool is_repeatable(int mark) const {
    const std::string& method = methods_[static_cast<std::size_t>(mark) - 1];
    return method == "GET" || method == "HEAD";
  }

  /// What holds of the requests of a call, whatever its vendor did.
  void check_requests(int mark, const std::vector<Attempt>& attempts) {
    const auto need = [&](bool holds, const char* promise) {
      if (!holds) require(false, "m" + std::to_string(mark) + ": " + promise);
    };
    for (const Attempt& attempt : attempts) {
      need(!attempt.after_extra, "it was written to a connection with unread bytes");
      need(!attempt.after_end, "it was written to a connection that had ended");
      need(attempt.body_is_right, "its body is not what the caller gave");
    }
    need(attempts.size() <= (is_repeatable(mark) ? 2U : 1U), "it reached the vendor too often");
  }

  void check(const CallPlan& plan, const Outcome& outcome, const std::vector<Attempt>& attempts,
             const Excuses& excuses) {
    ++calls_;
    last_ = outcome;
    const std::string who = "m" + std::to_string(plan.mark) + " (" + plan.method +
                            (plan.streamed ? ", streamed, " : ", ") +
                            std::string(name(plan.first.trick)) + "): ";
    const auto need = [&](bool holds, const std::string& promise) {
      require(holds, who + promise);
    };
    need(outcome.times == 1, outcome.times == 0 ? "was never answered" : "was answered twice");
    if (outcome.times == 0) return;
    need(outcome.took < plan.timeout + std::chrono::seconds(5), "was answered too late");
    check_requests(plan.mark, attempts);

    bool read = false, answered = false, desynced = false;
    for (const Attempt& attempt : attempts) {
      read = read || attempt.read > 0;
      answered = answered || attempt.answered > 0;
      desynced = desynced || attempt.desynced;
    }
    // The vendor may not have read a request that its own words have met.
    const bool met_poison = desynced || (attempts.empty() && excuses.poisoned);
    if (outcome.success) {
      const std::string own = std::to_string(plan.mark);
      if (met_poison && outcome.mark != own) return check_crossed(plan, outcome, attempts, need);
      need(outcome.mark == own, "the answer is of mark " + outcome.mark);
      need(!attempts.empty(), "it is answered, and the vendor has not read it");
      return check_answer(plan, attempts.size() > 1 ? plan.later : plan.first, outcome, need);
    }

    const Error& error = outcome.error;
    need(error.sent != Sent::no || !read, "sent is no, and the vendor read a part of it");
    need(error.sent != Sent::yes || answered || met_poison,
         "sent is yes, and no byte of an answer was written");
    const bool repeatable = is_repeatable(plan.mark);
    // What may be repeated may have left before, on a connection that was at its end.
    need(error.phase != Phase::connect || error.sent == Sent::no ||
             (repeatable && error.sent == Sent::unknown),
         "sent is not no, and there was no connection");
    if (met_poison) return;  // no client can tell what became of it

    const Script& script = attempts.size() > 1 ? plan.later : plan.first;
    // A reset may destroy on its way what was written before it.
    if (script.fate == Fate::cut && script.trick != Trick::cut_by_reset && !plan.gone_after_ms)
      need(error.sent == Sent::yes || !answered, "sent is not yes for a cut answer");
    if (script.fate != Fate::whole || plan.gone_after_ms || plan.stops_after ||
        plan.timeout < std::chrono::seconds(1))
      return;
    // A connection that ends while a request is on its way costs that request, unless it may be
    // repeated. One that the vendor has begun to answer is past that.
    const bool may_be_lost = excuses.refused || excuses.poisoned || (excuses.raced && !repeatable);
    const bool owed = !may_be_lost || (!attempts.empty() && attempts.back().answered > 0);
    honest_ += owed ? 1 : 0;
    need(!owed,
         "a whole answer was lost: " + error.message + ", sent " + std::string(text(error.sent)));
  }

  /// A request that was on its way when the vendor spoke of its own accord has those words for its
  /// answer, and the next one on that connection may have its: but nothing else.
  template <class Need>
  void check_crossed(const CallPlan& plan, const Outcome& outcome,
                     const std::vector<Attempt>& attempts, const Need& need) {
    if (outcome.mark == "-1") {
      need(outcome.status == 200 && (plan.method == "HEAD" || outcome.body == poison_body),
           "an answer to no request is not given as it was sent");
      return;
    }
    const bool crossed = std::ranges::any_of(crossed_, [&](const auto& other) {
      return other.first == outcome.mark &&
             (attempts.empty() ||
              std::ranges::find(attempts, other.second, &Attempt::connection) != attempts.end());
    });
    need(crossed, "the answer is of mark " + outcome.mark + ", of another connection");
  }

  template <class Need>
  void check_answer(const CallPlan& plan, const Script& script, const Outcome& outcome,
                    const Need& need) {
    ++honest_;
    need(script.fate == Fate::whole || script.fate == Fate::either,
         "a cut or malformed answer was taken as whole");
    if (script.fate != Fate::whole && script.fate != Fate::either) return;
    need(outcome.status == script.status, "the status is " + std::to_string(outcome.status));
    need(outcome.body == script.body || plan.stops_after, "the body is not the one that was sent");
  }

  const Stage& stage_;
  Random random_;
  Trace trace_;
  std::vector<Trick> of_requests_, of_idle_;
  bool refuses_ = false, quiet_ = false, poisoned_ = false, one_loop_ = false;
  std::vector<std::string> methods_;               ///< of each mark, from 1
  std::set<std::pair<std::string, int>> crossed_;  ///< marks that met poison, and where
  std::vector<std::string> broken_;
  Outcome last_;
  int marks_ = 0, calls_ = 0, honest_ = 0;
};

}  // namespace
}  // namespace penstock::simulation

int main(int argc, char** argv) {
  using namespace penstock::simulation;
  const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const bool all = argc > 3 && std::string_view(argv[3]) == "all";
  const Stage stage;
  Run(stage, 0, all).run();  // what is opened once for the process is open from here on
  std::uint64_t broken = 0;
  long long calls = 0, answered = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    Run run(stage, seed, all);
    const auto& promises = run.run();
    calls += run.calls();
    answered += run.honest();
    if (promises.empty()) continue;
    ++broken;
    for (const std::string& promise : promises)
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), promise.c_str());
    if (broken == 1) {
      std::printf("%sagain: vendor_simulation 1 %llu%s\n", run.trace().c_str(),
                  static_cast<unsigned long long>(seed), all ? " all" : "");
    }
  }
  std::printf("%llu seeds, %lld calls, %lld answers compared, %llu broken\n",
              static_cast<unsigned long long>(seeds), calls, answered,
              static_cast<unsigned long long>(broken));
  return broken == 0 && answered > static_cast<long long>(seeds) ? 0 : 1;
}
