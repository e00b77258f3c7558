#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/client.hpp"
#include "upstream/content_decoder.hpp"

namespace penstock::upstream {

/// An HTTP/1.1 answer, read byte by byte as RFC 9112 says and no more kindly: two lengths, a length
/// beside chunks, folded lines, bare line feeds, NULs and unknown transfer codings are errors,
/// since each has hidden an answer in an answer. No I/O: feed it what came.
class Http1Reply {
 public:
  static constexpr std::uint64_t unlimited =
      UINT64_MAX;  ///< for an answer that is taken as it comes

  /// `method` decides whether there can be a body; `decode` undoes the content
  /// codings that make_decoder() knows. `max_body` bounds what is held at one time: all of the
  /// body, or what take_body() has not taken yet.
  Http1Reply(std::string_view method, bool decode, std::uint64_t max_body);

  enum class State : std::uint8_t { more, complete, malformed, too_large };

  State feed(std::string_view bytes);

  /// The stream has ended in order: completes an answer whose end is the end of the stream.
  State end();

  /// For those who take the answer as it comes: interim answers so far, whether the head is there,
  /// the body's bytes since the last time.
  std::vector<Reply> take_interims() { return std::exchange(interims_, {}); }
  bool head_complete() const { return head_complete_; }
  const Reply& reply() const { return reply_; }
  std::string take_body() { return std::exchange(reply_.body, {}); }

  bool started() const { return started_; }  ///< a byte of it was seen
  bool keeps_alive() const { return keep_alive_; }
  const std::string& trouble() const { return trouble_; }  ///< for malformed
  Reply take() { return std::move(reply_); }

 private:
  enum class Part : std::uint8_t {
    head,
    length,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    until_end,
    done
  };

  State malformed(std::string why);
  bool read_head(std::string_view head);
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  bool read_trailer(std::string_view line);
  bool frame();
  State append(std::string_view bytes);
  State finish();
  State line_part(std::string_view& bytes);

  std::string method_;
  bool decode_;
  std::uint64_t max_body_;
  Part part_ = Part::head;
  bool started_ = false, keep_alive_ = true, http10_ = false;
  int interim_ = 0;
  std::string buffer_;  ///< of the head, a chunk's size line, a trailer line
  std::size_t trailer_bytes_ = 0;
  std::uint64_t left_ = 0;  ///< of a body or a chunk
  std::string length_, coding_, connection_, encoding_;
  bool has_length_ = false, has_coding_ = false;
  std::unique_ptr<ContentDecoder> decoder_;
  bool coded_bytes_seen_ = false, head_complete_ = false;
  std::vector<Reply> interims_;
  Reply reply_;
  std::string trouble_;
};

}  // namespace penstock::upstream
