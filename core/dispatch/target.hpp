#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

#include "base/url.hpp"

namespace penstock::dispatch {

/// The caller's `path`, taken apart but not changed.
struct CallerPath {
  std::string path;   ///< empty, or begins with "/"
  std::string query;  ///< behind the first "?"
  bool has_query = false;
};

/// Checks a caller's path: no scheme, authority, fragment, control or non-ASCII character,
/// backslash or dot segment, however they are percent-encoded. The error says what to write
/// instead.
Result<CallerPath, std::string> check_path(std::string_view path);

/// Base URL, path as written, and the query: the base's own, the path's as written, `params`
/// percent-encoded. By components: nothing in `path` can reach the scheme, the host or the port.
Url join(Url base, const CallerPath& path, const std::vector<Field>& params);

}  // namespace penstock::dispatch
