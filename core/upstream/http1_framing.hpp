#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/http1_head.hpp"

namespace penstock::upstream {

/// Where the body of a response ends, and whether its connection can carry another one.
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;    ///< for Kind::length
  bool keeps_alive = false;    ///< by HTTP version and Connection; deviations end it as well
  bool declares_body = false;  ///< Kind::none, but the head declares content nevertheless
};

/// RFC 9112 section 6.3 for the response to a request with `method`. Removes Transfer-Encoding from
/// `fields` and leaves at most one Content-Length there, of digits only: the component that
/// forwards the response writes its own framing. Errors name the field.
Result<Framing, std::string> read_framing(std::string_view method, int status, bool http10,
                                          Headers& fields, Deviations& deviations);

/// The size of a chunk, from its complete line without CR LF (RFC 9112 section 7.1).
Result<std::uint64_t, std::string> read_chunk_size(std::string_view line, Deviations& deviations);

}  // namespace penstock::upstream
