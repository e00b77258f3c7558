#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "upstream/client.hpp"
#include "upstream/http1_framing.hpp"

namespace penstock::upstream {

/// Reads an HTTP/1.1 answer as RFC 9112 says. Where a deviation leaves one meaning, the answer is
/// whole, the deviation is one of its warnings, and the connection is not used again. Where two
/// readers could see two different ends of it, it is refused, since such answers have hidden
/// others. docs/http.md has the rules. No I/O: feed it what came.
class Http1Response {
 public:
  static constexpr std::uint64_t unlimited =
      UINT64_MAX;  ///< for an answer that is taken as it comes

  /// `method` decides whether there can be a body; `decode` undoes the content
  /// codings that make_decoder() knows. `max_body` bounds what is held at one time: all of the
  /// body, or what take_body() has not taken yet.
  Http1Response(std::string_view method, bool decode, std::uint64_t max_body);

  enum class State : std::uint8_t { more, complete, malformed, too_large };

  /// Bytes behind the end of a complete answer do not change it: they become a warning, and
  /// keeps_alive() false.
  State feed(std::string_view bytes);

  /// The stream has ended in order: completes an answer whose end is the end of the stream.
  State end();

  /// For those who take the answer as it comes: interim answers so far, whether the head is there,
  /// the body's bytes since the last time.
  std::vector<Response> take_interims() { return std::exchange(interims_, {}); }
  bool head_complete() const { return head_complete_; }
  const Response& response() const { return response_; }
  std::string take_body() { return std::exchange(response_.body, {}); }

  bool started() const { return started_; }  ///< a byte of it was seen
  bool keeps_alive() const { return keep_alive_; }
  bool ends_with_stream() const { return part_ == Part::until_end; }
  const std::string& trouble() const { return trouble_; }  ///< for malformed

  /// What was read of an answer that is lost, for the error that takes its place: "it had answered
  /// 201 Created (location: /x), and 12 bytes of its body had come". Empty before a status line.
  std::string summary() const;

  Response take() { return std::move(response_); }

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
  State too_large();
  void odd(std::string what);
  void odd(Oddities all);
  State feed_head(std::string_view& bytes);
  bool read_head(std::string_view head);
  bool frame();
  void choose_decoder();
  State append(std::string_view bytes);
  State finish(std::string_view excess);
  State decode();
  State line_part(std::string_view& bytes);
  State chunk_size_line(std::string_view line);
  State end_of_trailers(std::string_view excess);

  std::string method_;
  bool decode_;
  std::uint64_t max_body_;
  Part part_ = Part::head;
  bool started_ = false, keep_alive_ = true, http10_ = false;
  bool head_complete_ = false;
  int interim_ = 0, empty_lines_ = 0;
  std::string buffer_;             ///< of the head, a chunk's size line, a trailer line
  std::size_t scanned_ = 0;        ///< of buffer_, for the head's end
  std::string trailers_;           ///< lines, until their end
  std::int64_t chunk_excess_ = 0;  ///< bytes of chunk lines beyond what their data justifies
  std::uint64_t left_ = 0;         ///< of a body or a chunk
  std::uint64_t body_bytes_ = 0;   ///< that came, coded
  std::string coding_;             ///< Content-Encoding that finish() is to undo; empty: none
  std::vector<Response> interims_;
  Response response_;
  std::string trouble_;
};

}  // namespace penstock::upstream
