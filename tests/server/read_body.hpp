#pragma once

#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "http/request_body.hpp"

namespace penstock::server {

struct ReadBody {
  bool failed = false;
  bool done = false;
  std::string body;
  std::string behind;  ///< what is left of the input
  bool operator==(const ReadBody&) const = default;
};

/// What a connection makes of a body that comes in pieces, when it looks twice at each.
inline ReadBody read_body(const std::string& framing, const std::vector<std::string>& pieces) {
  RequestParser parser;
  parser.body_limit(boost::none);
  parser.eager(true);
  refuse_odd_extensions(parser);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n";
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  ReadBody out;
  for (const std::string& piece : pieces) {
    out.behind += piece;
    for (int looks = 0; looks < 2 && !out.failed; ++looks)
      out.failed = parse_body(parser, out.behind).failed();
    if (out.failed) return {.failed = true};
  }
  out.done = parser.is_done();
  out.body = parser.get().body();
  return out;
}

}  // namespace penstock::server
