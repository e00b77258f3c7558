#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/http1_head.hpp"

namespace penstock::upstream {

/// Where the body of an answer ends, and whether its connection may carry another one.
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;    ///< of Kind::length
  bool keeps_alive = false;    ///< as the two sides said; oddities end it besides
  bool declares_body = false;  ///< Kind::none, but the head speaks of content all the same
};

/// RFC 9112 section 6.3 for the answer to a request with `method`. Takes Transfer-Encoding out of
/// `fields` and leaves at most one Content-Length there, of digits only: those are for the answer's
/// next hop to write. Errors name the field.
Result<Framing, std::string> read_framing(std::string_view method, int status, bool http10,
                                          std::vector<Field>& fields, Oddities& odd);

/// The size of a chunk: its line, without CR LF, read to the last byte (RFC 9112 section 7.1).
Result<std::uint64_t, std::string> read_chunk_size(std::string_view line, Oddities& odd);

}  // namespace penstock::upstream
