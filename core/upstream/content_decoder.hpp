#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::upstream {

/// What requests say that their answers may be coded with: all that make_decoder() knows.
constexpr std::string_view accepted_codings = "gzip, deflate, br, zstd";

/// One content coding (RFC 9110 section 8.4.1), undone piece by piece into a bounded string.
class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;

  enum class Status : std::uint8_t { ok, broken, too_large };

  /// Appends what `bytes` decode to; `out` never grows past `most`.
  virtual Status feed(std::string_view bytes, std::string& out, std::uint64_t most) = 0;

  /// Whether the stream came to its own end.
  virtual bool finished() const = 0;

  /// Whether zeros or blanks follow that end: some servers fill up blocks, or end texts in a line
  /// break. Anything else there breaks the stream.
  bool padded() const { return padded_; }

 protected:
  /// Takes what follows the stream's end; `ok` if it is padding.
  Status pad(std::string_view bytes);

 private:
  bool padded_ = false;
};

/// For one coding's name in lower case: gzip, x-gzip, deflate, br or zstd; null for others.
std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding);

// one file each
std::unique_ptr<ContentDecoder> make_zlib_decoder();    ///< gzip and deflate
std::unique_ptr<ContentDecoder> make_brotli_decoder();  ///< RFC 7932
std::unique_ptr<ContentDecoder> make_zstd_decoder();    ///< RFC 8878

}  // namespace penstock::upstream
