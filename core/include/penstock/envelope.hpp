#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock {

/// The JSON envelope of contract section 5, both ways. Pure functions, [any-thread].
struct ParsedEnvelope {
  Call call;                          ///< without tool, api and integration_id
  std::vector<std::string> warnings;  ///< unknown members and the like
  std::vector<Problem> problems;      ///< of read_envelope() alone: what cannot be taken
};

/// Reads `{method, path, headers, params, data, api_options, …}` in one pass. `data` keeps its very
/// bytes. Fails with every problem and its pointer. Limits: depth 64, 100,000 elements, valid
/// UTF-8, no duplicate members.
Result<ParsedEnvelope> parse_envelope(std::string_view json);

/// The same, but fails only where the JSON is broken, and tells other problems beside what it could
/// read: for who wants to know what Engine::validate() says of the rest.
Result<ParsedEnvelope> read_envelope(std::string_view json);

/// `{"status":"success","data":{…},"warnings":[…]}`. The vendor's JSON goes in byte for byte.
std::string response_json(const Response& answer, bool response_as_base64);

/// `{"status":"success","data":{"valid":true,"request":{…}},"warnings":[…]}`
std::string preview_json(const Preview& preview);

/// `{"status":"error","error":{…}}`
std::string error_json(const Error& error);

}  // namespace penstock
