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

/// The caller's `path`, split into components. Not changed, except that a missing leading "/" is
/// added.
struct CallerPath {
  std::string path;   ///< empty, or begins with "/"
  std::string query;  ///< after the first "?"
  bool has_query = false;
};

/// Checks a caller's path, of at most 8192 bytes. Refused: a scheme, an authority, a fragment,
/// spaces, control and non-ASCII characters, backslashes and dot segments; control characters and
/// dot segments also percent-encoded, with overlong UTF-8 and look-alikes read as a lenient server
/// would. The error says what to write instead.
Result<CallerPath, std::string> check_path(std::string_view path);

/// Joins the base URL, the path as written, and the query: the base URL's own, the path's as
/// written, `params` percent-encoded. Works on components: nothing in `path` can change the scheme,
/// the host or the port.
Url join(Url base, const CallerPath& path, const std::vector<Field>& params);

/// The parameter names of a query, for comparison: decoded as far as any server may, in lower case,
/// without blanks. `;` separates parameters as `&` does, and `[` ends a name.
std::vector<std::string> query_names(std::string_view query);

/// Whether the caller repeats a parameter that the engine sets. `own` are names as query_names()
/// returns them; `owner` says who sets them ("the base URL of …"). The problem points to the
/// caller's parameter.
std::optional<Problem> find_repeated_parameter(const std::vector<std::string>& own,
                                               std::string_view owner, const CallerPath& path,
                                               const std::vector<Field>& params);

}  // namespace penstock::policy
