#pragma once

#include <utility>

#include <penstock/completion.hpp>

#include "call/call_outlet.hpp"

namespace penstock::call {

/// A call whose body and response are held whole in memory.
class WholeResponse final : public CallOutlet {
 public:
  using Completion = detail::CompletionPtr<Result<Response>>;

  explicit WholeResponse(Completion completion) : completion_(std::move(completion)) {}

  Result<PreparedCall> prepare(const runtime::Registry& registry, const Call& call) override;
  void load_body(CallRun& run, PreparedCall prepared) override;
  void on_response(Response response) override { complete(std::move(response)); }
  void on_error(Error error) override { complete(failure(std::move(error))); }

 private:
  void complete(Result<Response> result) { completion_.release()->complete(std::move(result)); }

  Completion completion_;
};

}  // namespace penstock::call
