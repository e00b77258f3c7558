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
  std::string_view target;  ///< begins with "/", as written
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
};

/// A whole answer; the connection adds Date, Content-Length and Connection.
struct Reply {
  int status = 200;
  std::vector<Field> headers;
  std::string body;  ///< application/json
  bool close = false;
};

constexpr std::size_t most_head_bytes = 32 * 1024;
constexpr std::size_t most_target_bytes = 8 * 1024;
constexpr std::size_t most_fields = 100;

/// Where the head at the front of `bytes` ends (behind its empty line); npos: it is not there yet.
/// Also ends at an empty line without CR, so that such a head is refused at once rather than waited
/// for.
std::size_t find_head_end(std::string_view bytes, std::size_t search_from);

/// Reads the head of a request, its empty line included, by RFC 9112 and stricter: whatever two
/// readers could understand differently is refused (bare line ends, folded lines, spaces around
/// names, underscores, repeated framing or identity fields, Transfer-Encoding beside
/// Content-Length, any target but a path).
Result<RequestHead, HeadRefusal> read_head(std::string_view bytes);

}  // namespace penstock::server
