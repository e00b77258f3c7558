#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <penstock/engine.hpp>

#include "vendor_server.hpp"

namespace penstock::simulation {

/// One call as its caller means it.
struct CallPlan {
  int mark = 0;
  std::string method = "GET";
  bool streamed = false;  ///< through Engine::proxy
  std::string body;
  bool says_length = true;  ///< of a streamed body
  bool slow = false;        ///< a streaming caller that takes its time, both ways
  std::chrono::milliseconds timeout{30'000};
  std::optional<int> gone_after_ms;        ///< when its caller goes away
  std::optional<std::size_t> stops_after;  ///< bytes of a streamed answer
  Script first, later;                     ///< as in Planned
};

struct Outcome {
  int times = 0;  ///< that it was told
  bool success = false;
  int status = 0;
  std::string mark;  ///< the answer's X-Mark
  std::string body;
  int places_left = 0;
  Error error;
  std::chrono::milliseconds took{0};
};

/// Makes the calls of a phase, and waits for their ends.
class Callers {
 public:
  Callers(Engine& engine, VendorServer& vendor, Trace& trace)
      : engine_(engine), vendor_(vendor), trace_(trace) {}

  /// `width` at a time: the next begins in the handler of one that ended, when its connection has
  /// just become free. The outcomes in the order of the plans; `times` is 0 where there is none
  /// 20 s after the longest timeout. `before_written`, if any, runs when the engine's one loop has
  /// the first calls in hand, and has not looked at a connection since it took them.
  std::vector<Outcome> run(const std::vector<CallPlan>& plans, std::size_t width,
                           const std::function<void()>& before_written = nullptr);

 private:
  struct Phase;

  /// The handler of a call that fails before anything is asked runs on the loop at once.
  void run_on_loop(std::function<void()> function);

  Engine& engine_;
  VendorServer& vendor_;
  Trace& trace_;
};

}  // namespace penstock::simulation
