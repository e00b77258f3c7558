#include "upstream/content_decoder.hpp"

#include <algorithm>
#include <utility>

#include <zstd.h>

namespace penstock::upstream {
namespace {

// RFC 9659 section 3: a receiver of Content-Encoding must support windows of up to 8 MiB.
constexpr int max_window_log = 23;

struct StreamFree {
  void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
};

class Zstd final : public ContentDecoder {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, max_window_log);
  }

  Status feed(std::string_view bytes, std::string& out, std::uint64_t most) override {
    if (bytes.empty()) return Status::ok;
    if (!stream_) return Status::broken;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    char buffer[16384];
    while (true) {
      if (between_frames_ && in.pos < in.size && (padded() || !begins_frame(bytes[in.pos])))
        return finished_ ? pad(bytes.substr(in.pos)) : Status::broken;
      ZSTD_outBuffer made{buffer, sizeof buffer, 0};
      const std::size_t before = in.pos;
      const std::size_t hint = ZSTD_decompressStream(stream_.get(), &made, &in);
      if (ZSTD_isError(hint) != 0) return Status::broken;
      if (made.pos > most - out.size()) return Status::too_large;
      out.append(buffer, made.pos);
      head_.append(bytes.substr(before, std::min(in.pos - before, max_head - head_.size())));
      made_of_frame_ += made.pos;
      finished_ = between_frames_ = hint == 0;  // another frame may follow
      if (finished_ && !end_frame()) return Status::broken;
      if (in.pos == in.size && (finished_ || made.pos < made.size)) return Status::ok;
    }
  }

  bool finished() const override { return finished_; }

 private:
  /// The library also supports formats older than RFC 8878, with other magic bytes. They are not in
  /// use, and it handles them less well.
  static bool begins_frame(char first) {
    return first == '\x28' || (static_cast<unsigned char>(first) & 0xF0U) == 0x50;
  }

  /// Whether the frame was as long as its header said: the library checks this only if it sees the
  /// whole frame at once.
  bool end_frame() {
    const unsigned long long said = ZSTD_getFrameContentSize(head_.data(), head_.size());
    head_.clear();
    return said == std::exchange(made_of_frame_, 0) || said == ZSTD_CONTENTSIZE_UNKNOWN;
  }

  // RFC 8878 section 3.1.1.1, including the magic number.
  static constexpr std::size_t max_head = 18;

  std::unique_ptr<ZSTD_DStream, StreamFree> stream_;
  bool finished_ = false, between_frames_ = true;
  std::string head_;  ///< header of the current frame
  unsigned long long made_of_frame_ = 0;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_zstd_decoder() { return std::make_unique<Zstd>(); }

}  // namespace penstock::upstream
