// The body of a request at our own door means the same however it is cut up, and ends where it
// says.
#include <string>

#include <boost/asio/buffer.hpp>

#include "fuzz.hpp"
#include "http/request_body.hpp"

namespace penstock::fuzz {
namespace {

struct Read {
  bool failed = false;
  bool done = false;
  std::string body;
  std::string behind;
};

Read read(std::string_view framing, std::string_view bytes, std::uint32_t cut) {
  server::RequestParser parser;
  parser.body_limit(boost::none);
  parser.eager(true);
  server::refuse_odd_extensions(parser);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n\r\n";
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  Read out;
  std::string input;
  in_pieces(bytes, cut, [&](std::string_view piece) {
    input += piece;
    for (int looks = 0; looks < 2 && !out.failed; ++looks)
      out.failed = server::parse_body(parser, input).failed();
    return !out.failed;
  });
  out.done = parser.is_done();
  out.body = parser.get().body();
  out.behind = input;
  return out;
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  Input input(data, size);
  const std::uint32_t cut = 1U + input.byte();
  const bool chunked = input.byte() % 4 != 0;
  const std::string_view bytes = input.rest();
  const std::size_t length = bytes.size() / 2;
  const std::string framing =
      chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(length);
  const Read whole = read(framing, bytes, 0);
  const Read pieces = read(framing, bytes, cut);
  require(whole.failed == pieces.failed, "it is refused in pieces where it is refused whole",
          bytes);
  if (whole.failed) return 0;
  require(whole.done == pieces.done, "it ends in pieces where it ends whole", bytes);
  require(whole.body == pieces.body, "the body is the same in pieces", bytes);
  if (whole.done)
    require(whole.behind == pieces.behind, "what stands behind it is the same", bytes);
  require(whole.body.size() + whole.behind.size() <= bytes.size(), "nothing is added", bytes);
  if (!chunked) require(whole.body == bytes.substr(0, length), "a length is kept to", bytes);
  return 0;
}
