// The functions with which plugins build requests and results. Each value is checked as it arrives,
// so an Outcome never holds an unchecked value.
#include "host/builder.hpp"

#include <algorithm>
#include <array>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

namespace penstock::host {
namespace {

// Far above what any vendor's authentication needs; a plugin that builds more is broken.
constexpr std::size_t max_built_bytes = 16U << 20U;
constexpr std::size_t max_items = 256;

constexpr std::array methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};

// Framing and hop-by-hop headers are set by the engine alone.
constexpr std::array reserved_headers = {"host",
                                         "content-length",
                                         "transfer-encoding",
                                         "connection",
                                         "te",
                                         "trailer",
                                         "upgrade",
                                         "keep-alive",
                                         "expect",
                                         "proxy-authorization",
                                         "proxy-connection"};

std::int32_t add_built_bytes(pst_cx* cx, std::size_t bytes) {
  cx->built_bytes += bytes;
  return cx->built_bytes > max_built_bytes ? refuse(cx, "it built more than 16 MiB") : 0;
}

std::int32_t put(pst_cx* cx, std::vector<NamedValue>& items, pst_str name, pst_str value,
                 bool secret) {
  if (name.len == 0) return refuse(cx, "a name is empty");
  if (items.size() >= max_items) return refuse(cx, "it set more than 256 items");
  const auto same = [&](const NamedValue& item) { return item.name == view(name); };
  const auto found = std::ranges::find_if(items, same);
  if (found != items.end()) {
    *found = {std::string(view(name)), Secret(view(value)), secret};
  } else {
    items.push_back({std::string(view(name)), Secret(view(value)), secret});
  }
  return add_built_bytes(cx, name.len + value.len);
}

std::int32_t set_method(pst_cx* cx, pst_str method) noexcept {
  return guard(cx, [&] {
    if (std::ranges::find(methods, view(method)) == methods.end())
      return refuse(cx, "it set an unknown method");
    cx->outcome->method = view(method);
    return 0;
  });
}

std::int32_t set_url(pst_cx* cx, pst_str text) noexcept {
  return guard(cx, [&] {
    const auto url = parse_url(view(text));
    if (!url) return refuse(cx, "it set a URL that is refused: " + url.error());
    if (!cx->egress->permits(*url))
      return refuse(cx, "it set a URL outside its manifest's egress list: " + url->origin());
    cx->outcome->url = view(text);
    return add_built_bytes(cx, text.len);
  });
}

std::int32_t set_header(pst_cx* cx, pst_str name, pst_str value) noexcept {
  return guard(cx, [&] {
    const std::string lower_name = lower(view(name));
    if (!is_token(lower_name)) return refuse(cx, "it set a header whose name is not a token");
    if (std::ranges::find(reserved_headers, lower_name) != reserved_headers.end()) {
      return refuse(cx, "it set the header " + lower_name + ", which is the engine's");
    }
    if (!is_field_value(view(value))) {
      return refuse(cx, "the value of header " + lower_name +
                            " has a control character, or a space at its start or end");
    }
    auto& headers = cx->outcome->headers;
    if (headers.size() >= max_items && !headers.has(lower_name))
      return refuse(cx, "it set more than 256 headers");
    headers.set(std::string(view(name)), std::string(view(value)));
    return add_built_bytes(cx, name.len + value.len);
  });
}

std::int32_t add_query(pst_cx* cx, pst_str name, pst_str value) noexcept {
  return guard(cx, [&] {
    if (cx->outcome->query.size() >= max_items)
      return refuse(cx, "it added more than 256 query parameters");
    cx->outcome->query.push_back({std::string(view(name)), std::string(view(value))});
    return add_built_bytes(cx, name.len + value.len);
  });
}

std::int32_t set_body(pst_cx* cx, pst_str body) noexcept {
  return guard(cx, [&] {
    cx->outcome->body = std::string(view(body));
    return add_built_bytes(cx, body.len);
  });
}

std::int32_t wrap_body(pst_cx* cx, pst_str prefix, pst_str suffix) noexcept {
  return guard(cx, [&] {
    cx->outcome->body_prefix = view(prefix);
    cx->outcome->body_suffix = view(suffix);
    return add_built_bytes(cx, prefix.len + suffix.len);
  });
}

std::int32_t wrap_soap(pst_cx* cx, pst_str namespaces, pst_str header) noexcept {
  return guard(cx, [&] {
    cx->outcome->soap = Outcome::Soap{std::string(view(namespaces)), std::string(view(header))};
    return add_built_bytes(cx, namespaces.len + header.len);
  });
}

std::int32_t put_session(pst_cx* cx, pst_str key, pst_str value, std::uint64_t flags) noexcept {
  return guard(
      cx, [&] { return put(cx, cx->outcome->session, key, value, (flags & PST_KV_SECRET) != 0); });
}

std::int32_t expire_session(pst_cx* cx, std::int64_t unix_ms) noexcept {
  return guard(cx, [&] {
    cx->outcome->session_expires_ms = unix_ms;
    return 0;
  });
}

std::int32_t put_credential(pst_cx* cx, pst_str field, pst_str value) noexcept {
  return guard(cx, [&] {
    if (cx->connection == nullptr || cx->connection->find(view(field)) == nullptr) {
      return refuse(cx, "it replaced a credential that its connection does not have");
    }
    if (cx->keyed_session)
      return refuse(cx, "it replaced a credential in a session with a session.key");
    return put(cx, cx->outcome->credentials, field, value, true);
  });
}

std::int32_t carry(pst_cx* cx, pst_str key, pst_str value) noexcept {
  return guard(cx, [&] { return put(cx, cx->outcome->carried, key, value, true); });
}

std::int32_t fail(pst_cx* cx, std::int32_t kind, pst_str vendor_code, pst_str message) noexcept {
  return guard(cx, [&] {
    cx->failed = true;
    cx->outcome->failure = {kind, std::string(view(vendor_code)), std::string(view(message))};
    return 0;
  });
}

std::int32_t note(pst_cx* cx, pst_str key, pst_str value) noexcept {
  return guard(cx, [&] {
    if (cx->outcome->notes.size() >= max_items) return refuse(cx, "it made more than 256 notes");
    cx->outcome->notes.push_back({std::string(view(key)), std::string(view(value))});
    return add_built_bytes(cx, key.len + value.len);
  });
}

std::int32_t retry_after(pst_cx* cx, std::int64_t ms) noexcept {
  return guard(cx, [&] {
    cx->outcome->retry_after_ms = std::clamp<std::int64_t>(ms, 0, 24LL * 3600 * 1000);
    return 0;
  });
}

std::int32_t log(pst_cx* cx, std::int32_t level, pst_str text) noexcept {
  return guard(cx, [&] {
    if (cx->outcome->logs.size() >= max_items)
      return refuse(cx, "it wrote more than 256 log lines");
    cx->outcome->logs.push_back({std::clamp(level, 0, 3), std::string(view(text))});
    return add_built_bytes(cx, text.len);
  });
}

const void* get_extension(const char*) noexcept { return nullptr; }

}  // namespace

std::int32_t store_result(pst_cx* cx, std::string text, pst_str* out) {
  if (out == nullptr) return refuse(cx, "it requested a result without a place for it");
  *out = str(cx->arena.emplace_back(std::move(text)));
  return 0;
}

std::int32_t refuse(pst_cx* cx, std::string why, std::int32_t kind) {
  if (cx->refusal.empty()) {
    cx->refusal = std::move(why);
    cx->refusal_kind = kind;
  }
  return -1;
}

const pst_host& host_functions() noexcept {
  // Followed by zeros: a plugin built for a later minor that reads a function without PST_HAS finds
  // null there, not unrelated memory.
  struct Padded {
    pst_host functions;
    void* none[64];
  };
  static const Padded padded = {
      {sizeof(pst_host), PST_ABI_MAJOR, PST_ABI_MINOR, set_method, set_url,     set_header,
       add_query,        set_body,      wrap_body,     wrap_soap,  put_session, expire_session,
       put_credential,   carry,         fail,          note,       retry_after, log,
       json_get,         xml_get,       xml_root,      digest,     hmac,        sign,
       get_extension},
      {}};
  return padded.functions;
}

}  // namespace penstock::host
