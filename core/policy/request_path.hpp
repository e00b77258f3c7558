#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>
#include <penstock/result.hpp>

#include "base/url.hpp"

namespace penstock::policy {

/// The caller's `path`, taken apart but not changed.
struct CallerPath {
  std::string path;   ///< empty, or begins with "/"
  std::string query;  ///< behind the first "?"
  bool has_query = false;
};

/// Checks a caller's path: no scheme, authority, fragment, control or non-ASCII character,
/// backslash or dot segment, however they are percent-encoded; overlong UTF-8 and look-alikes count
/// as what a lenient server would make of them. The error says what to write instead.
Result<CallerPath, std::string> check_path(std::string_view path);

/// Base URL, path as written, and the query: the base's own, the path's as written, `params`
/// percent-encoded. By components: nothing in `path` can reach the scheme, the host or the port.
Url join(Url base, const CallerPath& path, const std::vector<Field>& params);

/// The names of a query's parameters, to be compared: decoded as far as any server may, in lower
/// case, without blanks. `;` parts parameters as `&` does, and `[` ends a name.
std::vector<std::string> query_names(std::string_view query);

/// Whether the caller gives a parameter again that is the engine's: `own` are names as
/// query_names() has them, `owner` says whose they are ("the API's base URL"). The problem points
/// to it.
std::optional<Problem> given_again(const std::vector<std::string>& own, std::string_view owner,
                                   const CallerPath& path, const std::vector<Field>& params);

}  // namespace penstock::policy
