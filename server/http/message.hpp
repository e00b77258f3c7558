#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock::server {

/// The head of a request that passed every check. Views into the connection's buffer.
struct RequestHead {
  struct Line {
    std::string_view name;
    std::string_view value;
  };
  std::string_view method;
  std::string_view request_target;  ///< as written
  std::string_view target;          ///< its path and query as written; begins with "/"
  std::string_view authority;       ///< of an absolute target, else of Host; may be empty
  int minor_version = 1;            ///< of HTTP/1: 0 or 1
  std::vector<Line> fields;

  std::uint64_t content_length = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;

  /// The value of the first field of that name, in any case; empty if absent.
  std::string_view field(std::string_view name) const;
  bool has_body() const { return chunked || content_length > 0; }
};

/// Why a request is refused before anybody reads what it wants.
struct HeadRefusal {
  int status = 400;
  std::string message;
  std::string allow = {};  ///< of a 405: the methods that there are
};

/// A whole answer; the connection adds Date, Content-Length and Connection.
struct HttpResponse {
  int status = 200;
  std::vector<Field> headers;
  std::string body;  ///< application/json
  bool close = false;
};

/// What a path of the proxy may be asked with; what its API takes of them, its plugin says.
constexpr std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

constexpr std::size_t max_head_bytes = 32 * 1024;
constexpr std::size_t max_target_bytes = 8 * 1024;
constexpr std::size_t max_fields = 100;

/// Where the head at the front of `bytes` ends (behind its empty line); npos: it is not there yet.
/// Also ends at an empty line without CR, so that such a head is refused at once rather than waited
/// for.
std::size_t find_head_end(std::string_view bytes, std::size_t search_from);

/// Reads the head of a request of HTTP/1.1 or 1.0, its empty line included, by RFC 9112 and
/// stricter: whatever two readers could understand differently is refused (bare line ends, folded
/// lines, spaces around names, repeated framing or identity fields, an underscore in the place of a
/// hyphen in one of these, Transfer-Encoding beside Content-Length or in HTTP/1.0, a Host that is
/// none). The target is a path, or an http URI, whose path is taken and whose authority stands for
/// Host (section 3.2.2).
Result<RequestHead, HeadRefusal> read_head(std::string_view bytes);

}  // namespace penstock::server
