#include "upstream/content_decoder.hpp"

#include <zlib.h>

namespace penstock::upstream {
namespace {

class Inflate final : public ContentDecoder {
 public:
  ~Inflate() override {
    if (started_) inflateEnd(&stream_);
  }

  Status feed(std::string_view bytes, std::string& out, std::uint64_t most) override {
    if (bytes.empty()) return Status::ok;
    if (!started_ && !start(bytes.front())) return Status::broken;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    char buffer[16384];
    while (true) {
      if (finished_) {
        // RFC 1952 section 2.2: a gzip stream is a sequence of members.
        if (stream_.avail_in == 0) return Status::ok;
        const bool member = gzip_ && !padded() && *stream_.next_in == 0x1f;
        if (!member) return pad(bytes.substr(bytes.size() - stream_.avail_in));
        if (inflateReset(&stream_) != Z_OK) return Status::broken;
        finished_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof buffer;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return Status::broken;
      const std::size_t made = sizeof buffer - stream_.avail_out;
      if (made > most - out.size()) return Status::too_large;
      out.append(buffer, made);
      finished_ = code == Z_STREAM_END;
      if (!finished_ && stream_.avail_out > 0) return Status::ok;  // it needs more input
    }
  }

  bool finished() const override { return finished_; }

 private:
  bool start(char first) {
    // By the RFC, "deflate" is the zlib format; some servers send raw deflate. The low nibble of a
    // zlib header is 8.
    gzip_ = first == '\x1f';
    const bool zlib = (static_cast<unsigned char>(first) & 0x0FU) == 8;
    started_ = inflateInit2(&stream_, gzip_ ? 15 + 16 : zlib ? 15 : -15) == Z_OK;
    return started_;
  }

  z_stream stream_{};
  bool started_ = false, finished_ = false, gzip_ = false;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_zlib_decoder() { return std::make_unique<Inflate>(); }

}  // namespace penstock::upstream
