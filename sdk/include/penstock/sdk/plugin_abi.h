/* The Penstock plugin ABI, major 1: everything that crosses the border between the engine and a
 * plugin.
 *
 * A plugin is data (a JSON manifest) and three pure functions:
 *   prepare   signs one call            session   obtains or renews credentials            inspect
 * classifies an answer
 *
 * MEMORY   Every pointer, in either direction, is valid only until the callee returns, unless said
 * otherwise. The callee copies what it keeps. Nobody frees the other side's memory. I/O      A
 * plugin does none: no sockets, files, clocks, randomness, threads, environment, locale, signals.
 * THREADS  create, destroy:             [any-thread], never concurrent with other calls on the same
 * instance. prepare, session, inspect:   [any-thread, concurrent]; the instance is immutable after
 * create(). pst_host functions:          only with a live pst_cx, only on the thread that received
 * it. UNWIND   Nothing unwinds across: no exception, no longjmp, no exit(). GROWTH   Structs passed
 * by pointer begin with struct_size and only grow at their end, with a new minor; what has a
 *          function or member of a later minor than its own asks PST_HAS first. pst_str and pst_kv
 * are used by value and in arrays: their layout is frozen for ever. Enum values are only added.
 * tests/abi pins all of this: each size and offset, and plugins of an older and of a newer minor
 * that are loaded and called.
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
#define PST_ENTRY "pst_plugin_v1" /* the one exported object, of type const pst_plugin */
#define PST_MANIFEST_SECTION                                                                       \
  ".pst_manifest" /* ELF section with the manifest's bytes, readable without running code */

typedef struct pst_str {
  const char* ptr;
  size_t len;
} pst_str; /* bytes, not NUL-terminated. FROZEN */
typedef struct pst_kv {
  pst_str key, val;
  uint64_t flags;
} pst_kv;                         /* FROZEN */
#define PST_KV_SECRET UINT64_C(1) /* the value must never be shown */

typedef struct pst_cx pst_cx; /* one invocation; dead when the plugin function returns */

typedef struct pst_env { /* the only sources of time and randomness */
  uint32_t struct_size,
      attempt; /* prepare, inspect: 0, then +1 for each new prepare of the same call, with
                  a new session or not. session: the fetches that this run has made */
  int64_t now_unix_ms;
  uint64_t session_seq; /* prepare, inspect: how often this process has prepared a call with this
                           session, from 1 on, for Digest's nc or OAuth 1; 0 without a session */
  uint8_t entropy[32];  /* fresh for each invocation */
} pst_env;

typedef struct pst_conn { /* one customer's connection: settings and credentials */
  uint32_t struct_size, n_fields;
  const pst_kv* fields; /* those that are set, of the fields that the manifest's schema names */
  pst_str id;
  const pst_str* field_names; /* all that the schema names, set or not; NULL: not told */
  uint64_t n_field_names;
} pst_conn;

typedef struct pst_state { /* a session, or what the previous step carried */
  uint32_t struct_size, n_items;
  const pst_kv* items;
  int64_t created_ms, expires_ms; /* Unix time; 0: unknown */
} pst_state;

typedef struct pst_call {
  uint32_t struct_size, flags;
  pst_str api, method, url, path; /* url: base URL expanded and joined with path, final bytes, no
                                     query; the same in prepare and inspect */
  pst_str options_json;           /* api_options: validated, defaults filled */
  const pst_kv *options, *query, *headers; /* options: the scalars of options_json as text */
  uint32_t n_options, n_query, n_headers, reserved;
  pst_str body;        /* only where the manifest says needs.request_body = "full" */
  pst_str body_sha256; /* 32 bytes, only where it says "sha256" */
  uint64_t body_len;   /* of the caller's body, whatever needs says. UINT64_MAX: it streams, and
                          its length is not known */
  const pst_str* option_names; /* all that the API's schema of api_options names, given or not;
                                  NULL: the schema allows others, too */
  uint64_t n_option_names;
} pst_call;
#define PST_CALL_ENVELOPED                                                                         \
  UINT32_C(1) /* body is what stands in the Body of a SOAP envelope of the caller's */

typedef struct pst_reply {
  uint32_t struct_size, status, flags, n_headers;
  const pst_kv* headers;
  pst_str body;
} pst_reply;
#define PST_REPLY_TRUNCATED                                                                        \
  UINT32_C(1) /* body holds the first bytes only: the manifest's inspect.max_bytes */

typedef struct pst_prepare_in {
  uint32_t struct_size, flags;
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* NULL: there is none yet */
  const pst_call* call;
} pst_prepare_in;

typedef struct pst_session_in {
  uint32_t struct_size, event; /* PST_EV_* */
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* the old one, or NULL */
  const pst_state* carried; /* what earlier steps of this run carried; may hold no items */
  const pst_reply* reply;   /* FETCHED: the fetch's. CHALLENGED: the vendor's. Else NULL */
} pst_session_in;

typedef struct pst_inspect_in {
  uint32_t struct_size, flags;
  const pst_env* env;
  const pst_conn* conn;
  const pst_state* session; /* the one that the call used, or NULL */
  const pst_call* call;
  const pst_reply* reply;
} pst_inspect_in;

enum {
  PST_EV_START = 0,      /* there is no session, or it is to be renewed */
  PST_EV_FETCHED = 1,    /* the answer to the last PST_FETCH is in reply */
  PST_EV_CHALLENGED = 2, /* the vendor refused the session; its answer is in reply */
  PST_EV_LOGOUT = 3      /* the session is dropped; one last fetch may end it at the vendor */
};

enum {                       /* verdicts; an unknown one is treated as PST_FAILED */
       PST_OK = 0,           /* prepare: request complete. session: established. inspect: fine */
       PST_NEED_SESSION = 1, /* prepare */
       PST_FETCH = 2,        /* session: send what was built, call again with PST_EV_FETCHED */
       PST_REAUTH = 3,       /* inspect: the session is dead */
       PST_RETRY = 4,  /* inspect: transient. The host prepares and sends the call once more if
                          that is safe (an idempotent method, or before_processing in the
                          manifest's rule) and no retry_after() asks for a pause; else the
                          answer is given as a fault */
       PST_PASS = 5,   /* inspect: no opinion */
       PST_FAILED = -1 /* any: described with fail() */
};

enum { /* kinds of failure, for fail() */
       PST_E_INTERNAL = 1,
       PST_E_BAD_OPTION = 2,
       PST_E_BAD_CONNECTION = 3,
       PST_E_AUTH_REJECTED = 4,
       PST_E_CONSENT_REVOKED = 5,
       PST_E_UNSUPPORTED = 6,
       PST_E_VENDOR_FAULT = 7,
       PST_E_RATE_LIMITED = 8,
       PST_E_LIMIT = 9,
       PST_E_BAD_REQUEST = 10 /* BAD_REQUEST: the caller's body or path is at fault */
};

/* What the host offers. Lives as long as the instance. All functions return 0, or < 0 for a refused
 * value: the host then fails the invocation, so a plugin may ignore the result. Helper results live
 * in the invocation's arena: until the plugin function returns. */
typedef struct pst_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  /* the request being built: the vendor call in prepare(), the fetch in session() */
  int32_t (*set_method)(pst_cx*, pst_str);
  int32_t (*set_url)(pst_cx*, pst_str); /* refused outside the manifest's egress list */
  int32_t (*set_header)(pst_cx*, pst_str name, pst_str val); /* replaces; CR, LF, NUL refused */
  int32_t (*add_query)(pst_cx*, pst_str name, pst_str val);  /* the host percent-encodes */
  int32_t (*set_body)(pst_cx*, pst_str);
  int32_t (*wrap_body)(pst_cx*, pst_str prefix, pst_str suffix);
  /* A SOAP 1.1 envelope round the (wrapped) body. namespaces: ` xmlns:p="…"` attributes for the
   * envelope element; header: zero or more complete elements with their own namespace declarations.
   * With PST_CALL_ENVELOPED the host adds header to the caller's own Header instead and changes no
   * other byte; the body may not be set or wrapped. */
  int32_t (*wrap_soap)(pst_cx*, pst_str namespaces, pst_str header);
  /* the session being built */
  int32_t (*put_session)(pst_cx*, pst_str key, pst_str val, uint64_t flags);
  int32_t (*expire_session)(pst_cx*, int64_t unix_ms);
  int32_t (*put_credential)(pst_cx*, pst_str field,
                            pst_str val); /* rotated secret: persisted before first use */
  int32_t (*carry)(pst_cx*, pst_str key, pst_str val); /* to the next step of this run; secret */
  /* results */
  int32_t (*fail)(pst_cx*, int32_t kind, pst_str vendor_code, pst_str message);
  int32_t (*note)(pst_cx*, pst_str key,
                  pst_str val); /* a warning "key: val" of the answer; of session(), a
                                   log line. Every known secret value is masked */
  int32_t (*retry_after)(pst_cx*, int64_t ms); /* the pause that the vendor asks for: inspect, and a
                                                  session() that fails */
  int32_t (*log)(pst_cx*, int32_t level,
                 pst_str); /* a line of the engine's log: 0 debug, 1 info,
                              2 warning, 3 error. Masked likewise; above ten lines
                              a second of one plugin they are dropped and counted */
  /* helpers, so that plugins link nothing. Not found is 0 with an empty result. */
  int32_t (*json_get)(pst_cx*, pst_str doc, pst_str pointer,
                      pst_str* out); /* RFC 6901; scalars as text */
  int32_t (*xml_get)(pst_cx*, pst_str doc, pst_str local_path,
                     pst_str* out); /* "Envelope/Body/Fault/faultcode" */
  int32_t (*xml_root)(pst_cx*, pst_str doc, pst_str* ns,
                      pst_str* local); /* first element's names */
  int32_t (*digest)(pst_cx*, pst_str alg, pst_str data,
                    pst_str* out); /* "sha1", "sha256", "sha512" */
  int32_t (*hmac)(pst_cx*, pst_str alg, pst_str key, pst_str data, pst_str* out);
  int32_t (*sign)(pst_cx*, pst_str alg, pst_str key_field, pst_str data,
                  pst_str* out);                /* "RS256"; key stays in the host */
  const void* (*get_extension)(const char* id); /* NULL: unknown. 1.0 knows none */
} pst_host;

typedef struct pst_plugin {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor; /* what it was compiled for */
  pst_str manifest;              /* static JSON; the same bytes as section .pst_manifest */
  int32_t (*create)(const pst_host*, pst_cx*, pst_str config_json,
                    void** self); /* config_json: "{}" in 1.0 */
  void (*destroy)(void* self);
  int32_t (*prepare)(void* self, pst_cx*, const pst_prepare_in*);
  int32_t (*session)(void* self, pst_cx*,
                     const pst_session_in*); /* NULL where no API declares a session */
  int32_t (*inspect)(void* self, pst_cx*,
                     const pst_inspect_in*);    /* NULL where no API declares inspect */
  const void* (*get_extension)(const char* id); /* may be NULL; 1.0 asks for none */
} pst_plugin;

/* Whether *p is new enough to have member m, and has it set. */
#define PST_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m)

#ifdef __cplusplus
}
#endif
#endif
