// Compressed bodies: never a byte past the limit, and the same text as the coding's own library.
#include <array>
#include <memory>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "fuzz.hpp"
#include "upstream/content_decoder.hpp"

namespace penstock::fuzz {
namespace {

using Status = upstream::ContentDecoder::Status;

struct Decoded {
  Status status = Status::ok;
  bool finished = false;
  std::string text;
};

bool is_whole(const Decoded& decoded) { return decoded.status == Status::ok && decoded.finished; }

Decoded decode(std::string_view coding, std::string_view bytes, std::uint32_t pieces,
               std::uint64_t most) {
  const auto decoder = upstream::make_decoder(coding);
  Decoded out;
  in_pieces(bytes, pieces, [&](std::string_view piece) {
    out.status = decoder->feed(piece, out.text, most);
    require(out.text.size() <= most, "the output never exceeds its limit",
            std::to_string(out.text.size()));
    return out.status == Status::ok;
  });
  out.finished = decoder->finished();
  return out;
}

/// What may follow the end of a stream.
bool is_padding(std::string_view bytes) {
  return bytes.find_first_not_of(std::string_view("\0 \t\r\n", 5)) == std::string_view::npos;
}

/// What the library makes of all the bytes at once, with room for one byte more than `most`.
Decoded zlib_reference(std::string_view bytes, std::size_t most) {
  Decoded out;
  z_stream stream{};
  const bool gzip = bytes[0] == '\x1f', zlib = (bytes[0] & 0x0F) == 8;
  inflateInit2(&stream, gzip ? 31 : zlib ? 15 : -15);
  out.text.resize(most + 1);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.text.data());
  stream.avail_out = static_cast<uInt>(out.text.size());
  int code = inflate(&stream, Z_SYNC_FLUSH);
  while (gzip && code == Z_STREAM_END && stream.avail_in > 0 &&
         *stream.next_in == 0x1f) {  // RFC 1952: the next member
    inflateReset(&stream);
    code = inflate(&stream, Z_SYNC_FLUSH);
  }
  out.text.resize(out.text.size() - stream.avail_out);
  out.finished = code == Z_STREAM_END && is_padding(bytes.substr(bytes.size() - stream.avail_in));
  inflateEnd(&stream);
  return out;
}

Decoded brotli_reference(std::string_view bytes, std::size_t most) {
  Decoded out;
  out.text.resize(most + 1);
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  auto* text = reinterpret_cast<std::uint8_t*>(out.text.data());
  std::size_t left = bytes.size(), room = out.text.size();
  const auto code = BrotliDecoderDecompressStream(state.get(), &left, &in, &room, &text, nullptr);
  out.finished =
      code == BROTLI_DECODER_RESULT_SUCCESS && is_padding(bytes.substr(bytes.size() - left));
  out.text.resize(out.finished ? out.text.size() - room : 0);
  return out;
}

Decoded zstd_reference(std::string_view bytes, std::size_t most) {
  Decoded out;
  out.text.resize(most + 1);
  const std::size_t size =
      ZSTD_decompress(out.text.data(), out.text.size(), bytes.data(), bytes.size());
  out.finished = ZSTD_isError(size) == 0;
  out.text.resize(out.finished ? size : 0);
  return out;
}

struct Coding {
  const char* name;
  Decoded (*reference)(std::string_view, std::size_t);
};
constexpr std::array codings = {Coding{"gzip", zlib_reference}, Coding{"br", brotli_reference},
                                Coding{"zstd", zstd_reference}};

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  Input input(data, size);
  const std::uint8_t first = input.byte();
  const std::size_t most = std::size_t{1} << (first % 20U);
  const Coding& coding = codings[first / 20U % codings.size()];
  const std::uint32_t cut = input.byte();
  const std::string_view bytes = input.rest();
  if (bytes.empty()) return 0;
  // In pieces libzstd keeps to other limits than in one go, and we to RFC 9659's: what it makes of
  // a whole stream is compared, what it takes for whole is not.
  const bool lenient = std::string_view(coding.name) == "zstd";
  const Decoded whole = decode(coding.name, bytes, 0, most);
  for (const std::uint32_t pieces : {1U, 2U + cut}) {
    const Decoded cut_up = decode(coding.name, bytes, pieces, most);
    require(is_whole(whole) == is_whole(cut_up) || lenient,
            "a stream is whole or not, however it is cut");
    require(!is_whole(whole) || !is_whole(cut_up) || whole.text == cut_up.text,
            "the text is the same however the stream is cut", whole.text);
  }
  const Decoded expected = coding.reference(bytes, most);
  if (is_whole(whole) && (expected.finished || !lenient)) {
    require(expected.finished && whole.text == expected.text, "the text is the library's own",
            whole.text);
  } else if (!lenient) {
    require(!expected.finished || expected.text.size() > most || expected.text.empty(),
            "a whole stream within the limit is decoded", expected.text);
  }
  return 0;
}
