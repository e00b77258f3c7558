#include "host/invocation.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <vector>

#include <penstock/text.hpp>

#include "host/abi_inputs.hpp"
#include "host/builder.hpp"
#include "host/invocation_watch.hpp"
#include "host/running_function.hpp"

namespace penstock::host {
namespace {

Verdict to_verdict(std::int32_t value) {
  switch (value) {
  case PST_OK:
    return Verdict::ok;
  case PST_NEED_SESSION:
    return Verdict::need_session;
  case PST_FETCH:
    return Verdict::fetch;
  case PST_REAUTH:
    return Verdict::reauth;
  case PST_RETRY:
    return Verdict::retry;
  case PST_PASS:
    return Verdict::pass;
  default:
    return Verdict::failed;
  }
}

Outcome internal_failure(std::string message, std::int32_t kind = PST_E_INTERNAL) {
  Outcome outcome;
  outcome.failure = {kind, {}, std::move(message)};
  return outcome;
}

Outcome out_of_service() {
  return internal_failure("it is out of service because one of its functions did not return");
}

/// Runs one plugin function and turns every kind of misbehaviour into Verdict::failed.
template <class Function>
Outcome invoke(const RunningFunction& plugin_function, const Egress& egress,
               const Connection* connection, std::initializer_list<Verdict> legal,
               Function&& function) {
  const RunningFunctionScope running(plugin_function);
  Outcome outcome;
  pst_cx cx;
  cx.outcome = &outcome;
  cx.egress = &egress;
  cx.connection = connection;
  std::int32_t returned = PST_FAILED;
  try {
    returned = function(&cx);
  } catch (const std::exception& error) {
    // what() may point into the plugin: copy it here.
    return internal_failure(std::string("it threw an exception: ") + error.what());
  } catch (...) {
    return internal_failure("it threw an exception");
  }
  outcome.verdict = to_verdict(returned);
  if (cx.broken != nullptr) return internal_failure(cx.broken);
  if (!cx.refusal.empty()) return internal_failure(std::move(cx.refusal), cx.refusal_kind);
  if (outcome.verdict == Verdict::failed) {
    if (!cx.failed) outcome.failure = {PST_E_INTERNAL, {}, "it failed without a reason"};
    return outcome;
  }
  if (std::ranges::find(legal, outcome.verdict) == legal.end()) {
    return internal_failure("it returned a verdict that its function cannot return");
  }
  if (outcome.body &&
      (!outcome.body_prefix.empty() || !outcome.body_suffix.empty() || outcome.soap)) {
    return internal_failure("it set a body and an envelope at once");
  }
  return outcome;
}

}  // namespace

std::string SessionKey::text() const {
  std::string out;
  const auto add = [&](std::string_view prefix, const std::string& text) {
    out.append(prefix).append(percent_encode(text));
  };
  if (!api.empty()) add("api=", api);
  for (const std::string& name : option_names) {
    add(out.empty() ? "opt." : "&opt.", name);
    const auto option = std::ranges::find(options, name, &Field::name);
    if (option != options.end()) add("=", option->value);
  }
  return out;
}

const NamedValue* Connection::find(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(fields, [&](const NamedValue& item) { return item.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

Instance::Instance(const pst_plugin& entry, Egress egress, InstanceFacts facts)
    : egress_(std::move(egress)), facts_(std::move(facts)),
      connection_names_(names_of(facts_.connection_fields)) {
  std::memcpy(&entry_, &entry, std::min<std::size_t>(entry.struct_size, sizeof entry_));
  for (const InstanceFacts::Api& api : facts_.apis) {
    option_names_.emplace_back(api.name, names_of(api.options));
    if (api.session) session_apis_ += (session_apis_.empty() ? "" : ", ") + api.name;
  }
}

const Instance::Names* Instance::options_of(std::string_view api) const {
  const auto found =
      std::ranges::find(option_names_, api, [](const auto& entry) { return entry.first; });
  return found == option_names_.end() ? nullptr : &found->second;
}

Result<std::unique_ptr<Instance>, PluginFailure>
Instance::create(const pst_plugin& entry, Egress egress, InstanceFacts facts) {
  std::unique_ptr<Instance> instance(new Instance(entry, std::move(egress), std::move(facts)));
  if (instance->entry_.create == nullptr || instance->entry_.prepare == nullptr) {
    return failure(PluginFailure{PST_E_INTERNAL, {}, "its entry lacks create or prepare"});
  }
  Outcome made =
      invoke({instance->label(), "", "create"}, instance->egress_, nullptr, {Verdict::ok},
             [&](pst_cx* cx) {
               return instance->entry_.create(&host_functions(), cx, str("{}"), &instance->self_);
             });
  if (made.verdict != Verdict::ok) return failure(std::move(made.failure));
  return instance;
}

Instance::~Instance() {
  const RunningFunctionScope running({label(), "", "destroy"});
  if (entry_.destroy != nullptr && self_ != nullptr) entry_.destroy(self_);
}

Outcome Instance::prepare(const Env& env, const Connection& connection, const SessionState* session,
                          const CallInput& call) const {
  if (!in_service()) return out_of_service();
  const WatchedInvocation watched(*this, "prepare");
  const EnvAbi env_abi(env);
  const ConnectionAbi connection_abi(connection, connection_names_);
  const SessionAbi session_abi(session);
  const CallAbi call_abi(call, options_of(call.api));
  const pst_prepare_in in = {
      sizeof in, 0, &env_abi.abi, &connection_abi.abi, session_abi.pointer(), &call_abi.abi};
  return invoke({label(), call.api, "prepare"}, egress_, &connection,
                {Verdict::ok, Verdict::need_session}, [&](pst_cx* cx) {
                  cx->body_scope = call.body_scope;
                  return entry_.prepare(self_, cx, &in);
                });
}

Outcome Instance::session(std::uint32_t event, const Env& env, const Connection& connection,
                          const SessionState* old, const SessionState& carried,
                          const ResponseInput* response, const SessionKey& key) const {
  if (entry_.session == nullptr)
    return internal_failure("it needs a session but has no session function");
  if (!in_service()) return out_of_service();
  const WatchedInvocation watched(*this, "session");
  const EnvAbi env_abi(env);
  const ConnectionAbi connection_abi(connection, connection_names_);
  const SessionAbi old_abi(old);
  const SessionAbi carried_abi(&carried);
  const ResponseAbi response_abi(response);
  const SessionKeyAbi key_abi(key);
  const pst_session_in in = {sizeof in,
                             event,
                             &env_abi.abi,
                             &connection_abi.abi,
                             old_abi.pointer(),
                             carried_abi.pointer(),
                             response_abi.pointer(),
                             str(key.api),
                             key_abi.options.data(),
                             key_abi.names.data(),
                             count(key_abi.options),
                             count(key_abi.names)};
  return invoke({label(), key.api.empty() ? session_apis_ : key.api, "session"}, egress_,
                &connection, {Verdict::ok, Verdict::fetch}, [&](pst_cx* cx) {
                  cx->keyed_session = !key.empty();
                  return entry_.session(self_, cx, &in);
                });
}

Outcome Instance::inspect(const Env& env, const Connection& connection, const SessionState* session,
                          const CallInput& call, const ResponseInput& response) const {
  if (entry_.inspect == nullptr) {
    Outcome outcome;
    outcome.verdict = Verdict::pass;
    return outcome;
  }
  if (!in_service()) return out_of_service();
  const WatchedInvocation watched(*this, "inspect");
  const EnvAbi env_abi(env);
  const ConnectionAbi connection_abi(connection, connection_names_);
  const SessionAbi session_abi(session);
  const CallAbi call_abi(call, options_of(call.api));
  const ResponseAbi response_abi(&response);
  const pst_inspect_in in = {sizeof in,
                             0,
                             &env_abi.abi,
                             &connection_abi.abi,
                             session_abi.pointer(),
                             &call_abi.abi,
                             response_abi.pointer()};
  return invoke({label(), call.api, "inspect"}, egress_, &connection,
                {Verdict::ok, Verdict::pass, Verdict::reauth, Verdict::retry},
                [&](pst_cx* cx) { return entry_.inspect(self_, cx, &in); });
}

}  // namespace penstock::host
