#include "call/call_outlet.hpp"

#include <utility>

#include "call/call_run.hpp"

namespace penstock::call {

void CallOutlet::load_body(CallRun& run, PreparedCall prepared) {
  run.on_body(std::move(prepared));
}

void CallOutlet::on_exchange_end(CallRun& run, Result<upstream::Response> end) {
  if (!end) return run.fail_exchange(std::move(end).error());
  auto response = run.inspect(*end);
  if (!response) return run.repeat(*std::move(end));
  response->body = std::move(end->body);
  run.finish(*std::move(response));
}

}  // namespace penstock::call
