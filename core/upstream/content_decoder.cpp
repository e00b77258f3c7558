#include "upstream/content_decoder.hpp"

namespace penstock::upstream {

ContentDecoder::Status ContentDecoder::pad(std::string_view bytes) {
  padded_ = padded_ || !bytes.empty();
  const bool padding =
      bytes.find_first_not_of(std::string_view("\0 \t\r\n", 5)) == std::string_view::npos;
  return padding ? Status::ok : Status::broken;
}

std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding) {
  if (coding == "gzip" || coding == "x-gzip" || coding == "deflate") return make_zlib_decoder();
  if (coding == "br") return make_brotli_decoder();
  if (coding == "zstd") return make_zstd_decoder();
  return nullptr;
}

}  // namespace penstock::upstream
