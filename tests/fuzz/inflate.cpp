// Compressed bodies: never a byte past the limit, never another text than zlib's own.
#include <zlib.h>

#include "fuzz.hpp"
#include "upstream/inflate.hpp"

namespace penstock::fuzz {
namespace {

using upstream::Inflate;

struct Decoded {
  Inflate::Status status = Inflate::Status::ok;
  bool finished = false;
  std::string text;
};

Decoded decode(std::string_view bytes, std::uint32_t pieces, std::uint64_t most) {
  Inflate inflate;
  Decoded out;
  in_pieces(bytes, pieces, [&](std::string_view piece) {
    out.status = inflate.feed(piece, out.text, most);
    require(out.text.size() <= most, "the output never exceeds its limit",
            std::to_string(out.text.size()));
    return out.status == Inflate::Status::ok;
  });
  out.finished = inflate.finished();
  return out;
}

/// What zlib makes of all the bytes at once, as far as `most`.
Decoded reference(std::string_view bytes, std::size_t most) {
  Decoded out;
  z_stream stream{};
  const bool gzip = bytes[0] == '\x1f', zlib = (bytes[0] & 0x0F) == 8;
  inflateInit2(&stream, gzip ? 31 : zlib ? 15 : -15);
  out.text.resize(most + 1);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.text.data());
  stream.avail_out = static_cast<uInt>(out.text.size());
  const int code = inflate(&stream, Z_SYNC_FLUSH);
  out.text.resize(out.text.size() - stream.avail_out);
  out.finished = code == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return out;
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  using Status = penstock::upstream::Inflate::Status;
  Input input(data, size);
  const std::size_t most = std::size_t{1} << (input.byte() % 20U);
  const std::uint32_t cut = input.byte();
  const std::string_view bytes = input.rest();
  if (bytes.empty()) return 0;
  const Decoded whole = decode(bytes, 0, most);
  for (const std::uint32_t pieces : {1U, 2U + cut}) {
    const Decoded cut_up = decode(bytes, pieces, most);
    require((whole.status == Status::ok) == (cut_up.status == Status::ok),
            "a stream is fine or not, however it is cut");
    if (whole.status == Status::ok) {
      require(whole.text == cut_up.text && whole.finished == cut_up.finished,
              "the text is the same however the stream is cut", whole.text);
    }
  }
  const Decoded expected = reference(bytes, most);
  if (whole.status == Status::ok) {
    require(whole.text == expected.text && whole.finished == expected.finished,
            "the text is zlib's", whole.text);
  } else {
    require(!expected.finished || expected.text.size() > most,
            "a whole stream within the limit is decoded", expected.text);
  }
  return 0;
}
