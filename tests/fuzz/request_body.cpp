// The body of a request to the server has the same meaning for any segmentation.
#include <string>
#include <vector>

#include "../server/read_body.hpp"
#include "fuzz.hpp"

namespace {

using penstock::server::ReadBody;

ReadBody read(const std::string& framing, std::string_view bytes, std::uint32_t cut) {
  std::vector<std::string> pieces;
  penstock::fuzz::in_pieces(bytes, cut, [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return true;
  });
  return penstock::server::read_body(framing, pieces);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  Input input(data, size);
  const std::uint32_t cut = 1U + input.byte();
  const bool chunked = input.byte() % 4 != 0;
  const std::string_view bytes = input.rest();
  const std::size_t length = bytes.size() / 2;
  const std::string framing =
      chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(length);
  const ReadBody whole = read(framing, bytes, 0);
  const ReadBody pieces = read(framing, bytes, cut);
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
