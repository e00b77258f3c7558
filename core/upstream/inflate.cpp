#include "upstream/inflate.hpp"

#include <algorithm>

#include <zlib.h>

namespace penstock::upstream {

struct Inflate::State {
  z_stream stream{};
};

Inflate::Inflate() : state_(std::make_unique<State>()) {}

Inflate::~Inflate() {
  if (started_) inflateEnd(&state_->stream);
}

Inflate::Status Inflate::feed(std::string_view bytes, std::string& out, std::uint64_t most) {
  if (bytes.empty()) return Status::ok;
  z_stream& stream = state_->stream;
  if (!started_) {
    // "deflate" is zlib's format by the book and raw deflate by some servers; a zlib header's low
    // nibble is 8.
    const bool gzip = bytes[0] == '\x1f';
    const bool zlib = (static_cast<unsigned char>(bytes[0]) & 0x0FU) == 8;
    if (inflateInit2(&stream, gzip ? 15 + 16 : zlib ? 15 : -15) != Z_OK) return Status::broken;
    started_ = true;
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  char buffer[16384];
  while (stream.avail_in > 0 || stream.avail_out == 0) {
    if (finished_) return Status::broken;  // bytes behind the end
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return Status::broken;
    const std::size_t made = sizeof buffer - stream.avail_out;
    if (out.size() + made > most) return Status::too_large;
    out.append(buffer, made);
    finished_ = code == Z_STREAM_END;
    if (finished_ && stream.avail_in == 0) return Status::ok;
    if (code == Z_BUF_ERROR) return Status::ok;
  }
  return Status::ok;
}

}  // namespace penstock::upstream
