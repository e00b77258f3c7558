#pragma once

#include <string>

#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>

#include "http/growing_body.hpp"

namespace penstock::server {

struct RequestParser : boost::beast::http::request_parser<GrowingBody> {
  /// The remaining input begins with a chunk line that Beast has already seen.
  bool in_chunk_line = false;
  /// A chunk with data was parsed: the next chunk line begins after the line break of the data.
  bool has_chunk = false;
};

/// Feeds `input` to the parser, which has the head, and removes the consumed bytes. Succeeds if the
/// parser needs more. Bytes after the body stay in `input`.
boost::system::error_code parse_body(RequestParser& parser, std::string& input);

/// Makes the parser reject chunk extensions that two parsers may interpret differently.
void refuse_odd_extensions(RequestParser& parser);

}  // namespace penstock::server
