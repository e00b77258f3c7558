#include "upstream/content_decoder.hpp"

namespace penstock::upstream {

std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding) {
  if (coding == "gzip" || coding == "x-gzip" || coding == "deflate") return make_zlib_decoder();
  if (coding == "br") return make_brotli_decoder();
  if (coding == "zstd") return make_zstd_decoder();
  return nullptr;
}

}  // namespace penstock::upstream
