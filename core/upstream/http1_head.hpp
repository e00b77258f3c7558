#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/headers.hpp>
#include <penstock/result.hpp>

namespace penstock::upstream {

/// Deviations from RFC 9112 in a response that still has only one meaning: sentences for the
/// caller.
using Deviations = std::vector<std::string>;

/// Adds `what` unless the list already has it.
void add_once(Deviations& deviations, std::string what);

/// The size in bytes of the head at the front of `bytes`, including its empty line; npos: it is
/// incomplete. A line ends in CR LF or LF (RFC 9112 section 2.2). `from`: where the search begins;
/// after npos, where it can continue once there are more bytes.
std::size_t head_size(std::string_view bytes, std::size_t& from);

/// RFC 9112 section 4.
struct StatusLine {
  int status = 0;  ///< 100 to 999
  bool http10 = false;
  std::string reason;
};

/// Parses the first line and removes it, with its line end, from `head`. Errors say what is wrong
/// with the response.
Result<StatusLine, std::string> take_status_line(std::string_view& head, Deviations& deviations);

/// Parses the field lines of a head or of a trailer section, without the empty line at their end
/// (RFC 9112 section 5). Names are in lower case, folded values joined by a space, leading and
/// trailing spaces removed. At most `max_fields`. Rejected: NUL and bare CR; names that are not
/// tokens; framing fields that readers interpret differently. Errors name the field.
Result<Headers, std::string> read_fields(std::string_view lines, std::size_t max_fields,
                                         Deviations& deviations);

/// Text of the peer for a message: at most `max` bytes, with ? for everything that is not
/// printable.
std::string printable(std::string_view text, std::size_t max = 60);

}  // namespace penstock::upstream
