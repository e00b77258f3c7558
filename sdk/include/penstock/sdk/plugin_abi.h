/* The Penstock plugin ABI, major version 1: everything that crosses the boundary between the engine
 * (the host) and a plugin.
 *
 * A plugin is data (a JSON manifest) and three pure functions:
 *   prepare   signs one call
 *   session   obtains or renews credentials
 *   inspect   classifies a response
 *
 * MEMORY   Every pointer, in either direction, is valid only until the callee returns, unless
 *          stated otherwise. The callee copies what it keeps. Neither side frees the other side's
 *          memory.
 * I/O      A plugin does none: no sockets, files, clocks, randomness, threads, environment, locale
 *          or signals.
 * THREADS  create, destroy: [any-thread], never concurrent with other calls on the same instance.
 *          prepare, session, inspect: [any-thread, concurrent]; the instance is immutable after
 *          create(). pst_host functions: only with a live pst_cx, and only on the thread that
 *          received it.
 * UNWIND   Nothing unwinds across the boundary: no exception, no longjmp, no exit().
 * GROWTH   Structs passed by pointer begin with struct_size and grow only at their end, with a new
 *          minor version. The other side may be older: check PST_HAS before using a function or
 *          member that was added in a later minor version. pst_str and pst_kv are used by value and
 *          in arrays: their layout is frozen forever. Enum values are only ever added.
 *
 * tests/abi verifies all of this: each size and offset, and plugins of an older and of a newer
 * minor version that are loaded and called.
 */
#ifndef PENSTOCK_PLUGIN_ABI_H
#define PENSTOCK_PLUGIN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PST_ABI_MAJOR 1
#define PST_ABI_MINOR 0
#define PST_ENTRY "pst_plugin_v1" /* the only exported object, of type const pst_plugin */
/* the ELF section with the manifest's bytes, readable without running code */
#define PST_MANIFEST_SECTION ".pst_manifest"

/* Bytes, not NUL-terminated. FROZEN */
typedef struct pst_str {
  const char* ptr;
  size_t len;
} pst_str;

/* A named value. FROZEN */
typedef struct pst_kv {
  pst_str key, val;
  uint64_t flags;
} pst_kv;
#define PST_KV_SECRET UINT64_C(1) /* the value must never be shown */

typedef struct pst_cx pst_cx; /* one invocation; invalid after the plugin function returns */

/* The only sources of time and randomness. */
typedef struct pst_env {
  /* attempt: in prepare and inspect, 0 at first, then +1 for each further prepare of the same call,
   * whether the session is new or not; in session, the number of fetches this run has made */
  uint32_t struct_size, attempt;
  int64_t now_unix_ms;
  /* in prepare and inspect, how many times this process has prepared a call with this session,
   * starting at 1, for Digest's nc or OAuth 1; 0 without a session, and in session */
  uint64_t session_seq;
  uint8_t entropy[32]; /* new random bytes for each invocation */
} pst_env;

/* One customer's connection: settings and credentials. */
typedef struct pst_conn {
  uint32_t struct_size, n_fields;
  const pst_kv* fields;       /* the fields that are set, of those named by the manifest's schema */
  pst_str id;                 /* the integration's */
  const pst_str* field_names; /* all fields named by the schema, set or not; NULL: not provided */
  uint64_t n_field_names;
} pst_conn;

/* A session, or the values carried over from earlier steps. */
typedef struct pst_state {
  uint32_t struct_size, n_items;
  const pst_kv* items;
  int64_t created_ms, expires_ms; /* Unix time in ms; 0: unknown */
} pst_state;

typedef struct pst_call {
  uint32_t struct_size, flags; /* flags: PST_CALL_* */
  pst_str api, method;
  pst_str path; /* as the caller gave it: it may contain a query */
  /* The URL of the request in its final bytes, the same in prepare and inspect: the expanded base
   * URL joined with path and query. set_url() and add_query() change the request, not these. */
  pst_str url;           /* without the query */
  pst_str authority;     /* host[:port] of url, as the Host header has it */
  pst_str query_string;  /* without "?"; ptr is NULL: the URL has no query */
  pst_str options_json;  /* api_options: validated, with defaults filled in */
  const pst_kv* options; /* the scalars of options_json as text */
  const pst_kv* query;   /* the parameters given beside path, decoded; query_string contains them */
  const pst_kv* headers; /* the caller's, and the Content-Type that its body implies */
  uint32_t n_options, n_query, n_headers;
  uint32_t reserved;   /* 0 */
  pst_str body;        /* only if the manifest's needs.request_body is "full"; else empty */
  pst_str body_sha256; /* 32 bytes, only if needs.request_body is "sha256"; else empty */
  /* length of the caller's body, independent of needs; UINT64_MAX: the body is streamed and its
   * length is unknown */
  uint64_t body_len;
  /* all names in the API's api_options schema, given or not; NULL: the schema allows other names */
  const pst_str* option_names;
  uint64_t n_option_names;
} pst_call;
/* body is the content of the Body of a SOAP envelope that the caller supplied */
#define PST_CALL_ENVELOPED UINT32_C(1)

/* A response of the vendor. */
typedef struct pst_response {
  uint32_t struct_size, status, flags, n_headers; /* flags: PST_RESPONSE_* */
  const pst_kv* headers;
  pst_str body;
} pst_response;
/* body contains only the first bytes, up to the manifest's inspect.max_bytes */
#define PST_RESPONSE_TRUNCATED UINT32_C(1)

typedef struct pst_prepare_in {
  uint32_t struct_size, reserved; /* reserved: 0 */
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* NULL: there is none yet */
  const pst_call* call;
} pst_prepare_in;

typedef struct pst_session_in {
  uint32_t struct_size, event; /* PST_EV_* */
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* the previous session, or NULL */
  const pst_state* carried; /* the values carried by earlier steps of this run; may be empty */
  /* FETCHED: the response to the fetch. CHALLENGED: the response that rejected the session. Else
   * NULL */
  const pst_response* response;
  /* What the session is for, by the manifest's session.key; nothing else of a call is known here,
   * because the session serves every call with the same values. */
  pst_str api;                 /* the API's name, if the key has "api"; else empty */
  const pst_kv* options;       /* the options of the key that have a value, as text */
  const pst_str* option_names; /* all options of the key */
  uint32_t n_options, n_option_names;
} pst_session_in;

typedef struct pst_inspect_in {
  uint32_t struct_size, reserved; /* reserved: 0 */
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* the session that the call used, or NULL */
  const pst_call* call;
  const pst_response* response;
} pst_inspect_in;

enum {
  PST_EV_START = 0,      /* there is no session, or it has to be renewed */
  PST_EV_FETCHED = 1,    /* response contains the response to the last PST_FETCH */
  PST_EV_CHALLENGED = 2, /* the vendor rejected the session; its response is in response */
  PST_EV_LOGOUT = 3      /* the session is being dropped; one last fetch may end it at the vendor */
};

/* Verdicts. An unknown one is treated as PST_FAILED. */
enum {
  PST_OK = 0,           /* prepare: request complete. session: established. inspect: no fault */
  PST_NEED_SESSION = 1, /* prepare: the call needs a new session */
  PST_FETCH = 2,        /* session: send the request built, call again with PST_EV_FETCHED */
  PST_REAUTH = 3,       /* inspect: the session is no longer valid */
  /* inspect: a transient failure. The host prepares and sends the call once more if that is safe
   * (an idempotent method, or before_processing in the manifest's rule) and no retry_after() asks
   * for a pause; else it returns the response as a fault */
  PST_RETRY = 4,
  PST_PASS = 5,   /* inspect: no opinion */
  PST_FAILED = -1 /* any function: failed, as described with fail() */
};

/* Kinds of failure, for fail(). */
enum {
  PST_E_INTERNAL = 1,
  PST_E_BAD_OPTION = 2,
  PST_E_BAD_CONNECTION = 3,
  PST_E_AUTH_REJECTED = 4,
  PST_E_CONSENT_REVOKED = 5,
  PST_E_UNSUPPORTED = 6,
  PST_E_VENDOR_FAULT = 7,
  PST_E_RATE_LIMITED = 8,
  PST_E_LIMIT = 9,
  PST_E_BAD_REQUEST = 10 /* the caller's body or path is invalid */
};

/* The functions that the host provides. Valid as long as the instance. All functions return 0, or
 * < 0 for a rejected value; the host then fails the invocation, so a plugin may ignore the result.
 * Results of helpers live in the invocation's arena, until the plugin function returns. */
typedef struct pst_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  /* the request being built: the vendor call in prepare(), the fetch in session() */
  int32_t (*set_method)(pst_cx*, pst_str);
  int32_t (*set_url)(pst_cx*, pst_str); /* rejected if outside the manifest's egress list */
  /* replaces a header of the same name; CR, LF and NUL are rejected */
  int32_t (*set_header)(pst_cx*, pst_str name, pst_str val);
  int32_t (*add_query)(pst_cx*, pst_str name, pst_str val); /* the host percent-encodes */
  int32_t (*set_body)(pst_cx*, pst_str);
  /* puts prefix and suffix around the caller's body; not together with set_body */
  int32_t (*wrap_body)(pst_cx*, pst_str prefix, pst_str suffix);
  /* Adds a SOAP 1.1 envelope around the (wrapped) body. namespaces: ` xmlns:p="…"` attributes for
   * the envelope element; header: zero or more complete elements with their own namespace
   * declarations. With PST_CALL_ENVELOPED the host adds header to the Header of the caller's
   * envelope instead and changes no other byte; the body must not be set or wrapped. */
  int32_t (*wrap_soap)(pst_cx*, pst_str namespaces, pst_str header);
  /* the session being built */
  /* flags: PST_KV_SECRET or 0 */
  int32_t (*put_session)(pst_cx*, pst_str key, pst_str val, uint64_t flags);
  int32_t (*expire_session)(pst_cx*, int64_t unix_ms);
  /* A rotated secret: persisted before its first use. Rejected in a session with a session.key,
   * because the credential belongs to all sessions of the connection. */
  int32_t (*put_credential)(pst_cx*, pst_str field, pst_str val);
  int32_t (*carry)(pst_cx*, pst_str key, pst_str val); /* to the next step of this run; secret */
  /* results */
  int32_t (*fail)(pst_cx*, int32_t kind, pst_str vendor_code, pst_str message);
  /* a warning "key: val" attached to the call's response; in session(), a log line. Every known
   * secret value is redacted */
  int32_t (*note)(pst_cx*, pst_str key, pst_str val);
  /* the pause that the vendor asks for; in inspect() and in a session() that fails */
  int32_t (*retry_after)(pst_cx*, int64_t ms);
  /* a line in the engine's log: level 0 debug, 1 info, 2 warning, 3 error. Redacted in the same
   * way. Lines beyond ten per second and plugin are dropped and counted */
  int32_t (*log)(pst_cx*, int32_t level, pst_str);
  /* helpers, so that plugins need no libraries. "Not found" is 0 with an empty result. */
  /* RFC 6901 pointer; scalars as text */
  int32_t (*json_get)(pst_cx*, pst_str doc, pst_str pointer, pst_str* out);
  /* path of local names: "Envelope/Body/Fault/faultcode" */
  int32_t (*xml_get)(pst_cx*, pst_str doc, pst_str local_path, pst_str* out);
  /* namespace and local name of the first element */
  int32_t (*xml_root)(pst_cx*, pst_str doc, pst_str* ns, pst_str* local);
  /* alg: "md5" (for protocols that require it), "sha1", "sha256" or "sha512"; out: raw bytes */
  int32_t (*digest)(pst_cx*, pst_str alg, pst_str data, pst_str* out);
  /* alg: "sha1", "sha256" or "sha512"; out: raw bytes */
  int32_t (*hmac)(pst_cx*, pst_str alg, pst_str key, pst_str data, pst_str* out);
  /* alg: "RS256", "PS256" or "ES256"; out: the signature as in a JWS (RFC 7518 section 3). The
   * private key, PEM in a connection field, never leaves the host. */
  int32_t (*sign)(pst_cx*, pst_str alg, pst_str key_field, pst_str data, pst_str* out);
  const void* (*get_extension)(const char* id); /* NULL: unknown. 1.0 defines none */
} pst_host;

typedef struct pst_plugin {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor; /* the ABI version that the plugin was compiled for */
  pst_str manifest;              /* static JSON; the same bytes as section .pst_manifest */
  /* config_json: "{}" in 1.0 */
  int32_t (*create)(const pst_host*, pst_cx*, pst_str config_json, void** self);
  void (*destroy)(void* self); /* may be NULL */
  int32_t (*prepare)(void* self, pst_cx*, const pst_prepare_in*);
  /* NULL if no API declares a session */
  int32_t (*session)(void* self, pst_cx*, const pst_session_in*);
  /* NULL if no API declares inspect */
  int32_t (*inspect)(void* self, pst_cx*, const pst_inspect_in*);
  const void* (*get_extension)(const char* id); /* may be NULL; 1.0 requests none */
} pst_plugin;

/* Whether *p is new enough to have member m, and m is set. */
#define PST_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m)

#ifdef __cplusplus
}
#endif
#endif
