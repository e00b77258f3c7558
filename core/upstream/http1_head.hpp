#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock::upstream {

/// What of an answer deviates from RFC 9112 but has one meaning only: sentences for the caller.
using Oddities = std::vector<std::string>;

/// Adds what is not in the list yet.
void note(Oddities& odd, std::string what);

/// The size of the head at the front of `bytes`, with its empty line; npos: it has no end yet. A
/// line ends in CR LF or LF (RFC 9112 section 2.2). `from`: where the search begins; after npos,
/// where it may go on when more bytes are there.
std::size_t head_size(std::string_view bytes, std::size_t& from);

/// RFC 9112 section 4.
struct StatusLine {
  int status = 0;  ///< 100 to 999
  bool http10 = false;
  std::string reason;
};

/// Takes the first line, with its end, from `head`. Errors say what is wrong with the answer.
Result<StatusLine, std::string> take_status_line(std::string_view& head, Oddities& odd);

/// The field lines of a head or of a trailer section, without the empty line at their end (RFC 9112
/// section 5). Names come in lower case, folded values joined by a space, edge spaces cut. At most
/// `max_fields`. Refused: NUL and bare CR; names that are no tokens; framing fields that readers
/// understand differently. Errors name the field.
Result<std::vector<Field>, std::string> read_fields(std::string_view lines, std::size_t max_fields,
                                                    Oddities& odd);

/// Without the spaces and tabs at its edges.
std::string_view without_edge_blanks(std::string_view text);

/// Text of the other side for a message: at most `max` bytes, everything that does not print as ?.
std::string printable(std::string_view text, std::size_t max = 60);

}  // namespace penstock::upstream
