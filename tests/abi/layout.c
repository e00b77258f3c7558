/* The layout of plugin_abi.h, pinned: a plugin that was built years ago must find each member where
 * it was. A line here is never changed; a member that is added at the end of a struct adds one, and
 * the struct's size changes with it. */
#include <penstock/sdk/plugin_abi.h>

#if defined(__LP64__)

#define AT(type, member, offset)                                                                   \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)

/* Used by value and in arrays: their sizes are for ever. */
SIZE(pst_str, 16);
AT(pst_str, ptr, 0);
AT(pst_str, len, 8);
SIZE(pst_kv, 40);
AT(pst_kv, key, 0);
AT(pst_kv, val, 16);
AT(pst_kv, flags, 32);

SIZE(pst_env, 56);
AT(pst_env, struct_size, 0);
AT(pst_env, attempt, 4);
AT(pst_env, now_unix_ms, 8);
AT(pst_env, session_seq, 16);
AT(pst_env, entropy, 24);

SIZE(pst_conn, 48);
AT(pst_conn, struct_size, 0);
AT(pst_conn, n_fields, 4);
AT(pst_conn, fields, 8);
AT(pst_conn, id, 16);
AT(pst_conn, field_names, 32);
AT(pst_conn, n_field_names, 40);

SIZE(pst_state, 32);
AT(pst_state, struct_size, 0);
AT(pst_state, n_items, 4);
AT(pst_state, items, 8);
AT(pst_state, created_ms, 16);
AT(pst_state, expires_ms, 24);

SIZE(pst_call, 216);
AT(pst_call, struct_size, 0);
AT(pst_call, flags, 4);
AT(pst_call, api, 8);
AT(pst_call, method, 24);
AT(pst_call, path, 40);
AT(pst_call, url, 56);
AT(pst_call, authority, 72);
AT(pst_call, query_string, 88);
AT(pst_call, options_json, 104);
AT(pst_call, options, 120);
AT(pst_call, query, 128);
AT(pst_call, headers, 136);
AT(pst_call, n_options, 144);
AT(pst_call, n_query, 148);
AT(pst_call, n_headers, 152);
AT(pst_call, reserved, 156);
AT(pst_call, body, 160);
AT(pst_call, body_sha256, 176);
AT(pst_call, body_len, 192);
AT(pst_call, option_names, 200);
AT(pst_call, n_option_names, 208);

SIZE(pst_response, 40);
AT(pst_response, struct_size, 0);
AT(pst_response, status, 4);
AT(pst_response, flags, 8);
AT(pst_response, n_headers, 12);
AT(pst_response, headers, 16);
AT(pst_response, body, 24);

SIZE(pst_prepare_in, 40);
AT(pst_prepare_in, struct_size, 0);
AT(pst_prepare_in, reserved, 4);
AT(pst_prepare_in, env, 8);
AT(pst_prepare_in, conn, 16);
AT(pst_prepare_in, session, 24);
AT(pst_prepare_in, call, 32);

SIZE(pst_session_in, 88);
AT(pst_session_in, struct_size, 0);
AT(pst_session_in, event, 4);
AT(pst_session_in, env, 8);
AT(pst_session_in, conn, 16);
AT(pst_session_in, session, 24);
AT(pst_session_in, carried, 32);
AT(pst_session_in, response, 40);
AT(pst_session_in, api, 48);
AT(pst_session_in, options, 64);
AT(pst_session_in, option_names, 72);
AT(pst_session_in, n_options, 80);
AT(pst_session_in, n_option_names, 84);

SIZE(pst_inspect_in, 48);
AT(pst_inspect_in, struct_size, 0);
AT(pst_inspect_in, reserved, 4);
AT(pst_inspect_in, env, 8);
AT(pst_inspect_in, conn, 16);
AT(pst_inspect_in, session, 24);
AT(pst_inspect_in, call, 32);
AT(pst_inspect_in, response, 40);

SIZE(pst_host, 184);
AT(pst_host, struct_size, 0);
AT(pst_host, abi_major, 4);
AT(pst_host, abi_minor, 6);
AT(pst_host, set_method, 8);
AT(pst_host, set_url, 16);
AT(pst_host, set_header, 24);
AT(pst_host, add_query, 32);
AT(pst_host, set_body, 40);
AT(pst_host, wrap_body, 48);
AT(pst_host, wrap_soap, 56);
AT(pst_host, put_session, 64);
AT(pst_host, expire_session, 72);
AT(pst_host, put_credential, 80);
AT(pst_host, carry, 88);
AT(pst_host, fail, 96);
AT(pst_host, note, 104);
AT(pst_host, retry_after, 112);
AT(pst_host, log, 120);
AT(pst_host, json_get, 128);
AT(pst_host, xml_get, 136);
AT(pst_host, xml_root, 144);
AT(pst_host, digest, 152);
AT(pst_host, hmac, 160);
AT(pst_host, sign, 168);
AT(pst_host, get_extension, 176);

SIZE(pst_plugin, 72);
AT(pst_plugin, struct_size, 0);
AT(pst_plugin, abi_major, 4);
AT(pst_plugin, abi_minor, 6);
AT(pst_plugin, manifest, 8);
AT(pst_plugin, create, 24);
AT(pst_plugin, destroy, 32);
AT(pst_plugin, prepare, 40);
AT(pst_plugin, session, 48);
AT(pst_plugin, inspect, 56);
AT(pst_plugin, get_extension, 64);

_Static_assert(PST_OK == 0 && PST_NEED_SESSION == 1 && PST_FETCH == 2 && PST_REAUTH == 3 &&
                   PST_RETRY == 4 && PST_PASS == 5 && PST_FAILED == -1,
               "verdicts");
_Static_assert(PST_EV_START == 0 && PST_EV_FETCHED == 1 && PST_EV_CHALLENGED == 2 &&
                   PST_EV_LOGOUT == 3,
               "events");
_Static_assert(PST_E_INTERNAL == 1 && PST_E_BAD_OPTION == 2 && PST_E_BAD_CONNECTION == 3 &&
                   PST_E_AUTH_REJECTED == 4 && PST_E_CONSENT_REVOKED == 5 &&
                   PST_E_UNSUPPORTED == 6 && PST_E_VENDOR_FAULT == 7 && PST_E_RATE_LIMITED == 8 &&
                   PST_E_LIMIT == 9 && PST_E_BAD_REQUEST == 10,
               "failures");
_Static_assert(PST_KV_SECRET == 1 && PST_CALL_ENVELOPED == 1 && PST_RESPONSE_TRUNCATED == 1,
               "flags");

#endif

int penstock_layout_holds(void) { return 1; }
