#include "http_text.hpp"
#include "json.hpp"
#include "odd_responses.hpp"
#include "route.hpp"

#include <algorithm>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::sandbox {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put_key(Writer& writer, std::string_view key) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}

template <class Counts>
void put_counts(Writer& writer, std::string_view key, const Counts& counts) {
  put_key(writer, key);
  writer.StartObject();
  for (const auto& [name, count] : counts) {
    if constexpr (std::is_same_v<std::decay_t<decltype(name)>, int>)
      put_key(writer, std::to_string(name));
    else
      put_key(writer, name);
    writer.Int(count);
  }
  writer.EndObject();
}

void put_request(Writer& writer, std::string_view key, const std::optional<Request>& request) {
  put_key(writer, key);
  if (!request) {
    writer.Null();
    return;
  }
  writer.StartObject();
  for (auto [name, value] : {std::pair{"method", &request->method},
                             {"target", &request->target},
                             {"host", &request->host},
                             {"sni", &request->sni}}) {
    put_key(writer, name);
    put(writer, *value);
  }
  put_key(writer, "headers");
  writer.StartArray();
  for (const auto& header : request->headers) {
    writer.StartArray();
    put(writer, header.name);
    put(writer, header.value);
    writer.EndArray();
  }
  writer.EndArray();
  put_key(writer, "body_base64");
  put(writer, base64(request->body));
  writer.EndObject();
}

Response ledger(const SandboxState& state) {
  rapidjson::StringBuffer buffer;
  Writer writer{buffer};
  writer.StartObject();
  for (const auto& [name, vendor] : state.vendors) {
    const auto& seen = vendor.ledger;
    put_key(writer, name);
    writer.StartObject();
    for (auto [key, count] : {std::pair{"calls", seen.calls},
                              {"refusals", seen.refusals},
                              {"token_requests", seen.token_requests},
                              {"token_refusals", seen.token_refusals}}) {
      put_key(writer, key);
      writer.Int(count);
    }
    put_counts(writer, "kinds", seen.kinds);
    put_counts(writer, "grants", seen.grants);
    put_counts(writer, "statuses", seen.statuses);
    put_request(writer, "last", seen.last);
    put_request(writer, "last_token", seen.last_token);
    writer.EndObject();
  }
  put_key(writer, "connections");
  writer.Int(state.connections);
  writer.EndObject();
  return json_response(200, {buffer.GetString(), buffer.GetSize()});
}

Response odd_response_list() {
  rapidjson::StringBuffer buffer;
  Writer writer{buffer};
  writer.StartArray();
  for (const OddResponse& one : odd_responses()) {
    writer.StartObject();
    put_key(writer, "name");
    put(writer, one.name);
    put_key(writer, "bytes_base64");
    put(writer, base64(one.bytes));
    writer.EndObject();
  }
  writer.EndArray();
  return json_response(200, {buffer.GetString(), buffer.GetSize()});
}

Response refuse(int status, const std::string& why) {
  return json_response(status, "{\"error\":" + json_string(why) + "}");
}

/// Sets one fault; false if there is none of that name or the value is invalid for it.
bool set_fault(Faults& faults, std::string_view name, const rapidjson::Value& value) {
  if (name == "next_raw_base64") {
    if (!value.IsString()) return false;
    faults.raw_answer = from_base64({value.GetString(), value.GetStringLength()});
    return faults.raw_answer.has_value();
  }
  if (name == "next_odd") {
    if (!value.IsString()) return false;
    const auto found =
        std::ranges::find(odd_responses(), std::string_view{value.GetString()}, &OddResponse::name);
    if (found == odd_responses().end()) return false;
    return faults.raw_answer = found->bytes, true;
  }
  if (!value.IsInt() || value.GetInt() < 0) return false;
  int number = value.GetInt();
  if (name == "delay_ms") return faults.delay_ms = number, true;
  if (name == "fail_next") return faults.fail_next = number, true;
  if (name == "reset_before_answer") return faults.reset_before_answer = number, true;
  if (name == "cut_after_bytes") {
    faults.cut_after_bytes = static_cast<std::size_t>(number);
    return true;
  }
  if (name != "status" || number < 200 || number > 599) return false;
  return faults.status = number, true;
}

bool set_member(Vendor& vendor, SandboxState& state, std::string_view name,
                const rapidjson::Value& value) {
  constexpr std::string_view of_tokens = "token_";
  if (name.starts_with(of_tokens))
    return set_fault(vendor.tokens, name.substr(of_tokens.size()), value);
  if (name == "rate_limit") {
    if (!value.IsInt() || value.GetInt() < 0) return false;
    vendor.rate_limit = value.GetInt();
    vendor.windows.clear();
    return true;
  }
  if (name == "revoke_access_tokens") {
    if (!value.IsBool()) return false;
    if (value.GetBool()) {
      state.workday.access_tokens.clear();
      state.nmbrs.access_tokens.clear();
      state.taleo_business.sessions.clear();
    }
    return true;
  }
  return set_fault(vendor.calls, name, value);
}

Response apply_control(const Request& request, SandboxState& state) {
  auto body = parse_json(request.body);
  if (!body || !body->IsObject()) return refuse(400, "the body is not a JSON object");
  auto name = string_member(*body, "vendor").value_or("");
  auto vendor = state.vendors.find(name);
  if (vendor == state.vendors.end())
    return refuse(400, "vendor is one of hibob, hroffice, nmbrs, taleo, workday");
  // All or nothing: the changes are made to a copy first.
  Vendor changed = vendor->second;
  for (auto it = body->MemberBegin(); it != body->MemberEnd(); ++it) {
    std::string_view key{it->name.GetString(), it->name.GetStringLength()};
    if (key != "vendor" && !set_member(changed, state, key, it->value))
      return refuse(400, "not known, or with a value that does not suit: " + std::string{key});
  }
  vendor->second = std::move(changed);
  return json_response(200, "{\"ok\":true}");
}

}  // namespace

Response control(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  if (target && match(*target, "/ledger") && request.method == "GET") return ledger(state);
  if (target && match(*target, "/odd-answers") && request.method == "GET")
    return odd_response_list();
  if (target && match(*target, "/control") && request.method == "POST")
    return apply_control(request, state);
  if (target && match(*target, "/reset") && request.method == "POST") {
    state.reset();
    return json_response(200, "{\"ok\":true}");
  }
  return refuse(404, "GET /ledger, GET /odd-answers, POST /control or POST /reset");
}

}  // namespace penstock::sandbox
