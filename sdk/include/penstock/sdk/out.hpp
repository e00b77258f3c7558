#pragma once

// What a plugin builds and returns.

#include <cstdint>
#include <string_view>

#include <penstock/sdk/fail.hpp>
#include <penstock/sdk/fields.hpp>
#include <penstock/sdk/plugin_abi.h>

namespace penstock::sdk {

/// What a plugin function returns; see PST_OK and the other verdicts in plugin_abi.h.
enum class Verdict : std::int32_t {
  ok = PST_OK,
  need_session = PST_NEED_SESSION,
  fetch = PST_FETCH,
  reauth = PST_REAUTH,
  retry = PST_RETRY,
  pass = PST_PASS,
  failed = PST_FAILED,
};

/// The builder that a plugin writes to. The host checks each value and fails the invocation for an
/// invalid one. Results of helpers are views that are valid during the invocation.
class Out {
 public:
  using Text = std::string_view;
  Out(const pst_host* host, pst_cx* cx) : host_(host), cx_(cx) {}

  Out& method(Text text) { return host_->set_method(cx_, str(text)), *this; }
  /// Rejected if outside the manifest's egress list.
  Out& url(Text text) { return host_->set_url(cx_, str(text)), *this; }
  /// Replaces a header of the same name.
  Out& header(Text name, Text value) {
    return host_->set_header(cx_, str(name), str(value)), *this;
  }
  /// The host percent-encodes.
  Out& query(Text name, Text value) { return host_->add_query(cx_, str(name), str(value)), *this; }
  Out& body(Text text) { return host_->set_body(cx_, str(text)), *this; }
  /// Adds a prefix and a suffix to the body.
  Out& wrap(Text prefix, Text suffix) {
    return host_->wrap_body(cx_, str(prefix), str(suffix)), *this;
  }
  /// Adds a SOAP 1.1 envelope around the body: see pst_host::wrap_soap.
  Out& soap(Text namespaces, Text header) {
    return host_->wrap_soap(cx_, str(namespaces), str(header)), *this;
  }

  /// Adds an item to the session being built.
  Out& put(Text key, Text value, bool secret = true) {
    return host_->put_session(cx_, str(key), str(value), secret ? PST_KV_SECRET : 0), *this;
  }
  /// When the session being built expires, Unix time in ms.
  Out& expires(std::int64_t unix_ms) { return host_->expire_session(cx_, unix_ms), *this; }
  /// Replaces the connection field `field` with a rotated secret; persisted before its first use.
  Out& credential(Text field, Text value) {
    return host_->put_credential(cx_, str(field), str(value)), *this;
  }
  /// Passes a secret value to the next step of this session run.
  Out& carry(Text key, Text value) { return host_->carry(cx_, str(key), str(value)), *this; }

  /// Adds a warning "key: value" to the call's response; in session(), writes a log line.
  Out& note(Text key, Text value) { return host_->note(cx_, str(key), str(value)), *this; }
  /// The pause in ms that the vendor asks for, in inspect() or in a session() that fails.
  Out& retry_after(std::int64_t ms) { return host_->retry_after(cx_, ms), *this; }
  /// Writes a line to the engine's log: level 0 is debug, 1 info, 2 warning, 3 error. The host
  /// redacts every secret of the connection and the session, and drops lines beyond ten per second.
  Out& log(std::int32_t level, Text text) { return host_->log(cx_, level, str(text)), *this; }

  /// The value at an RFC 6901 pointer as text; empty if not found.
  Text json(Text doc, Text pointer) {
    pst_str found{};
    host_->json_get(cx_, str(doc), str(pointer), &found);
    return view(found);
  }
  /// The text at a path of local names, "Envelope/Body/Fault/faultcode"; empty if not found.
  Text xml(Text doc, Text local_path) {
    pst_str found{};
    host_->xml_get(cx_, str(doc), str(local_path), &found);
    return view(found);
  }
  struct Root {
    Text ns, local;
  };
  /// Namespace and local name of the first element; empty if not found.
  Root xml_root(Text doc) {
    pst_str ns{}, local{};
    host_->xml_root(cx_, str(doc), &ns, &local);
    return {view(ns), view(local)};
  }
  /// The digest as raw bytes. `alg` is "sha1", "sha256", "sha512" or, for protocols that require
  /// it, "md5".
  Text digest(Text alg, Text data) {
    pst_str found{};
    host_->digest(cx_, str(alg), str(data), &found);
    return view(found);
  }
  /// The HMAC as raw bytes. `alg` is "sha1", "sha256" or "sha512".
  Text hmac(Text alg, Text key, Text data) {
    pst_str found{};
    host_->hmac(cx_, str(alg), str(key), str(data), &found);
    return view(found);
  }
  /// A signature with the private key in a connection field, in the form of a JWS (RFC 7518 section
  /// 3). `alg` is "RS256", "PS256" or "ES256". The key never leaves the host.
  Text sign(Text alg, Text key_field, Text data) {
    pst_str found{};
    host_->sign(cx_, str(alg), str(key_field), str(data), &found);
    return view(found);
  }

 private:
  const pst_host* host_;
  pst_cx* cx_;
};

}  // namespace penstock::sdk
