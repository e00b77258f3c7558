#include "http/request_body.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace penstock::server {
namespace {

namespace http = boost::beast::http;

/// Beast 1.81 and 1.83 parse the line of the last chunk again when more input arrives, and assert
/// that the shortest end of a body has arrived with it: a client that sends "0\r\n\r\n" in three
/// pieces would abort the process. After a chunk with data, two more bytes have arrived.
bool is_cut_last_chunk(std::string_view left) {
  constexpr std::string_view shortest_end = "0\r\n\r\n";
  if (left.size() >= shortest_end.size() || !left.starts_with('0')) return false;
  const std::size_t line_end = left.find('\r');
  return line_end != std::string_view::npos && left.substr(line_end).starts_with("\r\n");
}

/// RFC 9112 section 7.1.1 allows no control characters in extensions; Beast accepts some between
/// quotes, where a parser that ends lines at a bare LF sees another chunk. The parser keeps a
/// reference to this object.
auto check_extension = [](std::uint64_t, std::string_view extension,
                          boost::system::error_code& error) {
  const bool is_clean = std::ranges::all_of(extension, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
  if (!is_clean) error = http::error::bad_chunk_extension;
};

}  // namespace

boost::system::error_code parse_body(RequestParser& parser, std::string& input) {
  boost::system::error_code error;
  std::size_t used = 0;
  while (used < input.size() && !parser.is_done()) {
    const std::string_view left = std::string_view(input).substr(used);
    if (parser.in_chunk_line && !parser.has_chunk && is_cut_last_chunk(left)) break;
    parser.in_chunk_line = false;
    const std::size_t taken = parser.put(boost::asio::buffer(left.data(), left.size()), error);
    if (taken > 0 && !parser.is_done()) parser.has_chunk = true;
    used += taken;
    if (error == http::error::need_more) {
      error.clear();
      parser.in_chunk_line = parser.chunked();
      break;
    }
    if (error) break;
  }
  input.erase(0, used);
  return error;
}

void refuse_odd_extensions(RequestParser& parser) { parser.on_chunk_header(check_extension); }

}  // namespace penstock::server
