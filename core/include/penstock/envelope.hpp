#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// A parsed JSON envelope of the HTTP API (docs/http.md). The functions here are pure. [any-thread]
struct ParsedEnvelope {
  Call call;                          ///< without tool, api and integration_id
  std::vector<std::string> warnings;  ///< unknown members and similar
  std::vector<Problem> problems;      ///< set by read_envelope() only: members that are invalid
};

/// Parses `{method, path, headers, params, data, api_options, …}` in one pass. The bytes of `data`
/// are preserved exactly. Fails with every problem, each with its JSON Pointer. Limits: depth 64,
/// 100,000 elements, valid UTF-8, no duplicate members.
Result<ParsedEnvelope> parse_envelope(std::string_view json);

/// Like parse_envelope(), but fails only for malformed JSON and returns other problems together
/// with the parts that it could read. For callers that also want Engine::validate() to check those
/// parts.
Result<ParsedEnvelope> read_envelope(std::string_view json);

/// `{"status":"success","data":{…},"warnings":[…]}`. The vendor's JSON is copied byte for byte.
std::string response_json(const Response& answer, bool response_as_base64);

/// `{"status":"success","data":{"valid":true,"request":{…}},"warnings":[…]}`
std::string preview_json(const Preview& preview);

/// `{"status":"error","error":{…}}`
std::string error_json(const Error& error);

}  // namespace penstock
