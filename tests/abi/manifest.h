/* What a plugin in plain C needs for its manifest: the bytes in their section, without the zero
 * behind them. */
#ifndef PENSTOCK_TESTS_ABI_MANIFEST_H
#define PENSTOCK_TESTS_ABI_MANIFEST_H

#include <penstock/sdk/plugin_abi.h>

/* ABI: `"abi": {…},` or nothing. API: further members of the one API, each with a comma before it.
 */
#ifndef ABI
#define ABI ""
#endif
#ifndef API
#define API ""
#endif
#ifndef TOOL
#define TOOL "compat"
#endif
/* Further fields of the connection, each with a comma before it. */
#ifndef FIELDS
#define FIELDS ""
#endif

#define MANIFEST                                                                                   \
  "{\"id\":\"" NAME "\",\"name\":\"Compatibility\",\"version\":\"1.0.0\",\"tool\":\"" TOOL         \
  "\"," ABI "\"egress\":[\"https://api.compat.example\"],"                                         \
  "\"connection\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"            \
  "\"how\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"},\"where\":{\"type\":\"string\","         \
  "\"pattern\":\"^[a-z]+$\"}" FIELDS "}},"                                                         \
  "\"apis\":{\"v1\":{\"title\":\"Compatibility\",\"base_url\":\"https://api.compat.example/"       \
  "v1\"" API "}}}"

static const char manifest[sizeof(MANIFEST) - 1]
    __attribute__((section(PST_MANIFEST_SECTION), used)) = MANIFEST;

static inline pst_str text(const char* chars) {
  size_t len = 0;
  while (chars[len])
    ++len;
  pst_str out = {chars, len};
  return out;
}

#endif
