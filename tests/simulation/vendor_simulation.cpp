// Calls through a real engine to a vendor that adds, splits, delays, repeats and cuts bytes, from a
// seed: `vendor_simulation [SEEDS [FIRST [all]]]`. The first seed that breaks a promise is printed
// with what happened on both sides; giving it as FIRST with SEEDS 1 runs it again.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

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
      auto engine = stage_.engine(vendor.address(), random_.chance(0.7) ? 1 : 2);
      Callers callers(*engine, vendor, trace_);
      const std::size_t phases = 2 + random_.pick(3);
      for (std::size_t i = 0; i < phases; ++i) {
        run_phase(callers, vendor);
        vendor.end_phase(of_idle_);
        if (random_.chance(0.3)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      run_last_call(callers, vendor);
      engine->stop(std::chrono::seconds(5));
      engine.reset();
      require(vendor.all_closed(), "a connection is open after the engine has gone");
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
           trick == Trick::reset_after_answer;
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
      vendor.plan(plan.mark, {plan.method, plan.body, plan.first,
                              make_script(random_, Trick::honest, plan.mark, 2, plan.method, 0)});
    }
    if (refuses) vendor.refuse_connections(true);
    const std::vector<Outcome> outcomes = callers.run(plans, 1 + random_.pick(5));
    vendor.settle();
    const bool excused = refuses || std::ranges::any_of(plans, [](const CallPlan& plan) {
                           return plan.first.races || plan.first.refuses;
                         });
    for (std::size_t i = 0; i < plans.size(); ++i)
      check(plans[i], outcomes[i], vendor.attempts(plans[i].mark), excused);
  }

  void run_last_call(Callers& callers, VendorServer& vendor) {
    CallPlan plan;
    plan.mark = ++marks_;
    plan.first = make_script(random_, Trick::honest, plan.mark, 1, plan.method, 0);
    run_calls(callers, vendor, {plan}, false);
    require(last_.places_left == max_in_flight - 1, "places of calls were not given back");
  }

  void check(const CallPlan& plan, const Outcome& outcome, const std::vector<Attempt>& attempts,
             bool excused) {
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

    bool read = false, answered = false, desynced = false, told_apart = true;
    for (const Attempt& attempt : attempts) {
      read = read || attempt.read > 0;
      answered = answered || attempt.answered > 0;
      desynced = desynced || attempt.desynced;
      told_apart = told_apart && !attempt.after_extra;
      need(attempt.body_is_right, "its body is not what the caller gave");
    }
    need(told_apart, "it was written to a connection with unread bytes or at its end");
    const bool repeatable = plan.method == "GET" || plan.method == "HEAD";
    need(attempts.size() <= (repeatable ? 2U : 1U), "it reached the vendor too often");
    // No client can tell; and the vendor has not read what went down with its connection.
    if (desynced || (attempts.empty() && excused && outcome.success)) return;

    const Script later;
    const Script& script = attempts.size() > 1 ? later : plan.first;
    if (outcome.success) {
      need(outcome.mark == std::to_string(plan.mark), "the answer is of mark " + outcome.mark);
      if (attempts.size() == 1) check_answer(plan, outcome, need);
      return;
    }
    const Error& error = outcome.error;
    need(error.sent != Sent::no || !read, "sent is no, and the vendor read a part of it");
    // Where bytes of the vendor's own accord met a request, those are its answer to the engine.
    need(error.sent != Sent::yes || answered || excused,
         "sent is yes, and no byte of an answer was written");
    // What may be repeated may have left for the vendor before, on a connection that was at its
    // end.
    need(error.phase != Phase::connect || error.sent == Sent::no || repeatable,
         "sent is not no, and there was no connection");
    if (script.fate == Fate::cut && script.trick != Trick::cut_by_reset && !plan.gone_after_ms)
      need(error.sent == Sent::yes || !answered || excused, "sent is not yes for a cut answer");
    const bool owed = script.fate == Fate::whole && !excused && !plan.gone_after_ms &&
                      !plan.stops_after && plan.timeout > std::chrono::seconds(1);
    honest_ += owed ? 1 : 0;
    need(!owed,
         "a whole answer was lost: " + error.message + ", sent " + std::string(text(error.sent)));
  }

  template <class Need>
  void check_answer(const CallPlan& plan, const Outcome& outcome, const Need& need) {
    const Script& script = plan.first;
    ++honest_;
    need(script.fate == Fate::whole || script.fate == Fate::either,
         "a cut or malformed answer was taken as whole");
    if (script.fate != Fate::whole && script.fate != Fate::either) return;
    need(outcome.status == script.status, "the status is " + std::to_string(outcome.status));
    need(outcome.body == script.body, "the body is not the one that was sent");
  }

  const Stage& stage_;
  Random random_;
  Trace trace_;
  std::vector<Trick> of_requests_, of_idle_;
  bool refuses_ = false, quiet_ = false;
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
