#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock::server {

/// The head of a request that passed every check. Holds views into the connection's buffer.
struct RequestHead {
  struct Line {
    std::string_view name;
    std::string_view value;
  };
  std::string_view method;
  std::string_view request_target;  ///< as received
  std::string_view target;          ///< path and query as received; begins with "/"
  std::string_view authority;       ///< of an absolute target, otherwise of Host; may be empty
  int minor_version = 1;            ///< of HTTP/1.x: 0 or 1
  std::vector<Line> fields;

  std::uint64_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;

  /// The value of the first field of that name (case-insensitive); empty if absent.
  std::string_view field(std::string_view name) const;
  bool has(std::string_view name) const;
  bool has_body() const { return chunked || content_length > 0; }
};

/// Why a request is rejected at the HTTP level, without being processed.
struct HeadError {
  int status = 400;
  std::string message;
  std::string allow = {};  ///< for a 405: the allowed methods
};

/// A whole response; the connection adds Content-Type, Date, Content-Length and Connection.
struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;  ///< application/json
  bool close = false;
};

/// The methods that proxy paths accept. An API may accept fewer; its plugin defines which.
constexpr std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

constexpr std::size_t max_head_bytes = 32 * 1024;
constexpr std::size_t max_target_bytes = 8 * 1024;
constexpr std::size_t max_fields = 100;

/// Returns the offset just past the empty line that ends the head at the front of `bytes`, or npos
/// if the head is incomplete. An empty line without CR also ends it, so that such a head is
/// rejected at once instead of waited for.
std::size_t find_head_end(std::string_view bytes, std::size_t search_from);

/// Parses the head of an HTTP/1.1 or 1.0 request, including its empty line, by RFC 9112 and
/// stricter: anything that two parsers could interpret differently is rejected (bare line ends,
/// folded lines, spaces around names, repeated framing or identity fields, an underscore instead of
/// a hyphen in one of these, Transfer-Encoding together with Content-Length or in HTTP/1.0, an
/// invalid Host). The target is a path, or an http URI, whose path is used and whose authority
/// replaces Host (section 3.2.2).
Result<RequestHead, HeadError> read_head(std::string_view bytes);

}  // namespace penstock::server
