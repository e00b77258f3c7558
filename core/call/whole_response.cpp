#include "call/whole_response.hpp"

#include <memory>
#include <string>
#include <vector>

#include "call/attachments.hpp"
#include "call/call_run.hpp"
#include "call/request_body.hpp"

namespace penstock::call {

Result<PreparedCall> WholeResponse::prepare(const runtime::Registry& registry, const Call& call) {
  return prepare_call(registry, call, call.form.empty() ? std::string() : random_boundary());
}

/// Fetches the form parts that are given by URL.
void WholeResponse::load_body(CallRun& run, PreparedCall prepared) {
  const auto integration = prepared.integration;
  auto held = std::make_shared<PreparedCall>(std::move(prepared));
  fetch_attachments(run.loop().client(), integration, run.take_form(), run.deadline(),
                    run.max_body_bytes(),
                    [run = run.self(), held = std::move(held)](Result<std::vector<FormPart>> form) {
                      run->guarded([&] {
                        if (!form) return run->fail(std::move(form).error());
                        run->on_body(with_form(std::move(*held), *form));
                      });
                    });
}

}  // namespace penstock::call
