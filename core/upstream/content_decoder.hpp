#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::upstream {

/// The Accept-Encoding of requests: all codings that make_decoder() knows.
constexpr std::string_view accepted_codings = "gzip, deflate, br, zstd";

/// Decodes one content coding (RFC 9110 section 8.4.1), piece by piece, into a bounded string.
class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;

  enum class Status : std::uint8_t { ok, broken, too_large };

  /// Appends the decoded `bytes` to `out`, which never grows beyond `most` bytes.
  virtual Status feed(std::string_view bytes, std::string& out, std::uint64_t most) = 0;

  /// Whether the end of the coded stream was reached.
  virtual bool finished() const = 0;

  /// Whether zeros or white space follow the end of the stream: some servers pad to a block size,
  /// or end texts with a line break. Anything else there is `broken`.
  bool padded() const { return padded_; }

 protected:
  /// Handles bytes after the end of the stream; `ok` if they are padding.
  Status pad(std::string_view bytes);

 private:
  bool padded_ = false;
};

/// The decoder of a coding, by its name in lower case: gzip, x-gzip, deflate, br or zstd; null for
/// others.
std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding);

// Each is in a file of its own.
std::unique_ptr<ContentDecoder> make_zlib_decoder();    ///< gzip and deflate
std::unique_ptr<ContentDecoder> make_brotli_decoder();  ///< RFC 7932
std::unique_ptr<ContentDecoder> make_zstd_decoder();    ///< RFC 8878

}  // namespace penstock::upstream
