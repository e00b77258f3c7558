#pragma once

#include <string>

#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>

#include "http/growing_body.hpp"

namespace penstock::server {

struct RequestParser : boost::beast::http::request_parser<GrowingBody> {
  /// What is left of the input begins the line of a chunk, and Beast has seen it.
  bool in_chunk_line = false;
  /// A chunk with data has been read: a line of a chunk begins behind the line break of the data.
  bool has_chunk = false;
};

/// Gives the parser, which has the head, what has come of the body, and takes from `input` what it
/// used. Success where it wants more. What stands behind the body stays in `input`.
boost::system::error_code parse_body(RequestParser& parser, std::string& input);

/// Makes the parser refuse chunk extensions that two readers read in two ways.
void refuse_odd_extensions(RequestParser& parser);

}  // namespace penstock::server
