#pragma once

// The inputs of an invocation in the form of plugin_abi.h. Each object points into the input that
// it was made of, and lives as long as the invocation.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/builder.hpp"
#include "host/invocation.hpp"

namespace penstock::host {

inline std::vector<pst_kv> key_values(const std::vector<NamedValue>& items) {
  std::vector<pst_kv> out;
  out.reserve(items.size());
  for (const NamedValue& item : items)
    out.push_back({str(item.name), str(item.value.reveal()), item.secret ? PST_KV_SECRET : 0});
  return out;
}

/// `fields` is a list of Field; null: none.
std::vector<pst_kv> key_values(const auto* fields) {
  std::vector<pst_kv> out;
  if (fields == nullptr) return out;
  out.reserve(fields->size());
  for (const Field& field : *fields)
    out.push_back({str(field.name), str(field.value), 0});
  return out;
}

inline std::optional<std::vector<pst_str>>
names_of(const std::optional<std::vector<std::string>>& names) {
  if (!names) return std::nullopt;
  std::vector<pst_str> out;
  out.reserve(names->size() + 1);  // even an empty list gets a data pointer that is not null
  for (const std::string& name : *names)
    out.push_back(str(name));
  return out;
}

std::uint32_t count(const auto& items) { return static_cast<std::uint32_t>(items.size()); }

/// The authority of an https URL that has a path.
inline std::string_view authority_of(std::string_view url) noexcept {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return {};
  url.remove_prefix(scheme.size());
  return url.substr(0, url.find('/'));
}

struct EnvAbi {
  explicit EnvAbi(const Env& env) {
    abi = {sizeof(pst_env), env.attempt, env.now_unix_ms, env.session_seq, {}};
    std::ranges::copy(env.entropy, abi.entropy);
  }
  pst_env abi{};
};

struct ConnectionAbi {
  ConnectionAbi(const Connection& connection, const std::optional<std::vector<pst_str>>& names)
      : fields(key_values(connection.fields)) {
    abi = {sizeof(pst_conn), count(fields), fields.data(), str(connection.id), nullptr, 0};
    if (!names) return;
    abi.field_names = names->data();
    abi.n_field_names = names->size();
  }
  std::vector<pst_kv> fields;
  pst_conn abi{};
};

struct SessionAbi {
  explicit SessionAbi(const SessionState* state) {
    if (state == nullptr) return;
    items = key_values(state->items);
    abi = {sizeof(pst_state), count(items), items.data(), state->created_ms, state->expires_ms};
    present = true;
  }
  const pst_state* pointer() const { return present ? &abi : nullptr; }
  std::vector<pst_kv> items;
  pst_state abi{};
  bool present = false;
};

struct CallAbi {
  CallAbi(const CallInput& call, const std::optional<std::vector<pst_str>>* option_names)
      : options(key_values(call.options)), query(key_values(call.query)),
        headers(key_values(call.headers)) {
    abi.struct_size = sizeof(pst_call);
    abi.flags = call.enveloped ? PST_CALL_ENVELOPED : 0;
    abi.api = str(call.api);
    abi.method = str(call.method);
    abi.path = str(call.path);
    abi.url = str(call.url);
    abi.authority = str(authority_of(call.url));
    abi.query_string = str(call.query_string);
    abi.options_json = str(call.options_json);
    abi.options = options.data();
    abi.query = query.data();
    abi.headers = headers.data();
    abi.n_options = count(options);
    abi.n_query = count(query);
    abi.n_headers = count(headers);
    abi.body = str(call.body);
    abi.body_sha256 = str(call.body_sha256);
    abi.body_len = call.body_length;
    if (option_names == nullptr || !*option_names) return;
    abi.option_names = (*option_names)->data();
    abi.n_option_names = (*option_names)->size();
  }
  std::vector<pst_kv> options, query, headers;
  pst_call abi{};
};

struct SessionKeyAbi {
  explicit SessionKeyAbi(const SessionKey& key) : options(key_values(&key.options)) {
    names.reserve(key.option_names.size() + 1);  // a data pointer that is not null
    for (const std::string& name : key.option_names)
      names.push_back(str(name));
  }
  std::vector<pst_kv> options;
  std::vector<pst_str> names;
};

struct ResponseAbi {
  explicit ResponseAbi(const ResponseInput* response) {
    if (response == nullptr) return;
    headers = key_values(response->headers);
    abi = {sizeof(pst_response),
           static_cast<std::uint32_t>(response->status),
           response->truncated ? PST_RESPONSE_TRUNCATED : 0U,
           count(headers),
           headers.data(),
           str(response->body)};
    present = true;
  }
  const pst_response* pointer() const { return present ? &abi : nullptr; }
  std::vector<pst_kv> headers;
  pst_response abi{};
  bool present = false;
};

}  // namespace penstock::host
