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

/// Parses an HTTP/1.1 response according to RFC 9112. If a deviation leaves only one meaning, the
/// response is accepted, the deviation becomes one of its warnings, and the connection is not
/// reused. If two readers could see two different ends, the response is rejected, because such
/// responses have been used to hide others. docs/http.md has the rules. Does no I/O: pass received
/// bytes to feed().
class Http1Response {
 public:
  static constexpr std::uint64_t unlimited = UINT64_MAX;  ///< for a streamed response

  /// `method` decides whether there can be a body; `decode` decodes the content codings that
  /// make_decoder() knows. `max_body` limits the bytes held at one time: the whole body, or what
  /// take_body() has not taken yet.
  Http1Response(std::string_view method, bool decode, std::uint64_t max_body);

  enum class State : std::uint8_t { more, complete, malformed, too_large };

  /// Bytes after the end of a complete response do not change it: they become a warning, and
  /// keeps_alive() becomes false.
  State feed(std::string_view bytes);

  /// The stream has ended cleanly: completes a response that is delimited by the end of the stream.
  State end();

  /// For streaming: the interim responses so far, whether the head is complete, and the body bytes
  /// since the last call.
  std::vector<Response> take_interims() { return std::exchange(interims_, {}); }
  bool head_complete() const { return head_complete_; }
  const Response& response() const { return response_; }
  std::string take_body() { return std::exchange(response_.body, {}); }

  bool started() const { return started_; }  ///< a byte of it has arrived
  bool keeps_alive() const { return keep_alive_; }
  bool ends_with_stream() const { return part_ == Part::until_end; }
  const std::string& error() const { return error_; }  ///< why it is malformed

  /// What was received of a response that was lost, for the error that replaces it: "it had
  /// answered 201 Created (location: /x), and 12 bytes of its body had come". Empty before a status
  /// line.
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
  void add_deviation(std::string what);
  void add_deviations(Deviations all);
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
  std::string buffer_;             ///< incomplete head, chunk-size line or trailer line
  std::size_t scanned_ = 0;        ///< bytes of buffer_ already searched for the head's end
  std::string trailers_;           ///< complete lines so far
  std::int64_t chunk_excess_ = 0;  ///< bytes of chunk lines beyond what their data justifies
  std::uint64_t left_ = 0;         ///< bytes of a body or chunk still to come
  std::uint64_t body_bytes_ = 0;   ///< received, before decoding
  std::string coding_;             ///< Content-Encoding that finish() decodes; empty: none
  std::vector<Response> interims_;
  Response response_;
  std::string error_;
};

}  // namespace penstock::upstream
