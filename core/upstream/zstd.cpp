#include "upstream/content_decoder.hpp"

#include <zstd.h>

namespace penstock::upstream {
namespace {

// RFC 9659 section 3: a window of at most 8 MiB is what a receiver of Content-Encoding must give.
constexpr int largest_window_log = 23;

struct StreamFree {
  void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
};

class Zstd final : public ContentDecoder {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, largest_window_log);
  }

  Status feed(std::string_view bytes, std::string& out, std::uint64_t most) override {
    if (bytes.empty()) return Status::ok;
    if (!stream_) return Status::broken;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    char buffer[16384];
    while (true) {
      ZSTD_outBuffer made{buffer, sizeof buffer, 0};
      const std::size_t hint = ZSTD_decompressStream(stream_.get(), &made, &in);
      if (ZSTD_isError(hint) != 0) return Status::broken;
      if (made.pos > most - out.size()) return Status::too_large;
      out.append(buffer, made.pos);
      finished_ = hint == 0;  // at the end of a frame; another may follow
      if (in.pos == in.size && made.pos < made.size) return Status::ok;
    }
  }

  bool finished() const override { return finished_; }

 private:
  std::unique_ptr<ZSTD_DStream, StreamFree> stream_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_zstd_decoder() { return std::make_unique<Zstd>(); }

}  // namespace penstock::upstream
