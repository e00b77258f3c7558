#include "upstream/content_decoder.hpp"

#include <brotli/decode.h>

namespace penstock::upstream {
namespace {

struct StateFree {
  void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
};

class Brotli final : public ContentDecoder {
 public:
  Status feed(std::string_view bytes, std::string& out, std::uint64_t most) override {
    if (bytes.empty()) return Status::ok;
    if (!state_) return Status::broken;
    if (finished_) return pad(bytes);
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t in_left = bytes.size();
    std::uint8_t buffer[16384];
    while (true) {
      std::uint8_t* next = buffer;
      std::size_t room = sizeof buffer;
      const BrotliDecoderResult result =
          BrotliDecoderDecompressStream(state_.get(), &in_left, &in, &room, &next, nullptr);
      const std::size_t made = sizeof buffer - room;
      if (made > most - out.size()) return Status::too_large;
      out.append(reinterpret_cast<const char*>(buffer), made);
      switch (result) {
      case BROTLI_DECODER_RESULT_SUCCESS:
        finished_ = true;
        return pad(bytes.substr(bytes.size() - in_left));
      case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return Status::ok;
      case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        break;
      default:
        return Status::broken;
      }
    }
  }

  bool finished() const override { return finished_; }

 private:
  std::unique_ptr<BrotliDecoderState, StateFree> state_{
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_brotli_decoder() { return std::make_unique<Brotli>(); }

}  // namespace penstock::upstream
