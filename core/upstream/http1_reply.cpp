#include "upstream/http1_reply.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/http.hpp"
#include "base/text.hpp"

namespace penstock::upstream {
namespace {

constexpr std::size_t largest_head = 64U << 10U;
constexpr std::size_t most_fields = 256;
constexpr std::size_t longest_chunk_line = 1024;
constexpr std::size_t most_trailer_bytes = 8192;
constexpr int most_interim = 16;
constexpr std::size_t largest_first_reservation = 1U << 20U;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

bool parse_number(std::string_view text, int base, std::uint64_t& value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && rest == text.data() + text.size() && !text.empty();
}

}  // namespace

Http1Reply::Http1Reply(std::string_view method, bool decode, std::uint64_t max_body)
    : method_(method), decode_(decode), max_body_(max_body) {}

Http1Reply::State Http1Reply::malformed(std::string why) {
  trouble_ = std::move(why);
  keep_alive_ = false;
  return State::malformed;
}

Http1Reply::State Http1Reply::feed(std::string_view bytes) {
  if (!bytes.empty()) started_ = true;
  while (!bytes.empty()) {
    switch (part_) {
    case Part::head: {
      const std::size_t before = buffer_.size();
      buffer_.append(bytes);
      const std::size_t end = buffer_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
      if (end == std::string::npos || end > largest_head) {
        return buffer_.size() > largest_head ? malformed("its head is larger than 64 KiB")
                                             : State::more;
      }
      bytes = bytes.substr(end + 4 - before);
      const bool read = read_head(std::string_view(buffer_).substr(0, end + 2));
      buffer_.clear();
      if (!read) return State::malformed;
      if (part_ == Part::done)
        return bytes.empty() ? finish() : malformed("bytes stand behind its end");
      break;
    }
    case Part::length:
    case Part::chunk_data: {
      const std::size_t now =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      const State appended = append(bytes.substr(0, now));
      if (appended != State::more) return appended;
      bytes.remove_prefix(now);
      left_ -= now;
      if (left_ > 0) break;
      if (part_ == Part::length)
        return bytes.empty() ? finish() : malformed("bytes stand behind its end");
      part_ = Part::chunk_end;
      break;
    }
    case Part::chunk_size:
    case Part::chunk_end:
    case Part::trailers: {
      const State state = line_part(bytes);
      if (state != State::more) return state;
      break;
    }
    case Part::until_end: {
      const State appended = append(bytes);
      if (appended != State::more) return appended;
      bytes = {};
      break;
    }
    case Part::done:
      return malformed("bytes stand behind its end");
    }
  }
  return State::more;
}

/// The parts of a chunked body that are lines.
Http1Reply::State Http1Reply::line_part(std::string_view& bytes) {
  const std::size_t line_feed = bytes.find('\n');
  buffer_.append(
      bytes.substr(0, line_feed == std::string_view::npos ? bytes.size() : line_feed + 1));
  if (buffer_.size() > longest_chunk_line && part_ != Part::trailers)
    return malformed("a chunk's line is too long");
  if (trailer_bytes_ + buffer_.size() > most_trailer_bytes)
    return malformed("its trailers are too long");
  if (line_feed == std::string_view::npos) {
    bytes = {};
    return State::more;
  }
  bytes.remove_prefix(line_feed + 1);
  if (!buffer_.ends_with("\r\n")) return malformed("a line of a chunk does not end in CR LF");
  const std::string line = buffer_.substr(0, buffer_.size() - 2);
  buffer_.clear();
  if (line.find('\r') != std::string::npos || line.find('\0') != std::string::npos)
    return malformed("a chunk's line is malformed");
  switch (part_) {
  case Part::chunk_size: {
    if (!parse_number(trimmed(std::string_view(line).substr(0, line.find(';'))), 16, left_) ||
        line.starts_with(' ')) {
      return malformed("a chunk's size is malformed");
    }
    part_ = left_ == 0 ? Part::trailers : Part::chunk_data;
    return State::more;
  }
  case Part::chunk_end:
    if (!line.empty()) return malformed("a chunk is longer than it says");
    part_ = Part::chunk_size;
    return State::more;
  default:
    trailer_bytes_ += line.size() + 2;
    if (!line.empty()) return read_trailer(line) ? State::more : State::malformed;
    part_ = Part::done;
    return bytes.empty() ? finish() : malformed("bytes stand behind its end");
  }
}

Http1Reply::State Http1Reply::end() {
  keep_alive_ = false;
  if (part_ == Part::until_end) return finish();
  return malformed(started_ ? "the connection was closed in the middle of it"
                            : "the connection was closed");
}

bool Http1Reply::read_head(std::string_view head) {
  std::size_t end = head.find("\r\n");
  if (!read_status_line(head.substr(0, end))) return false;
  head.remove_prefix(end + 2);
  while (!head.empty()) {
    end = head.find("\r\n");
    if (!read_field(head.substr(0, end))) return false;
    head.remove_prefix(end + 2);
  }
  if (reply_.status >= 100 && reply_.status < 200) {
    if (reply_.status == 101)
      return malformed("it switches protocols, which was not asked for"), false;
    if (++interim_ > most_interim) return malformed("it has too many interim answers"), false;
    interims_.push_back(std::exchange(reply_, {}));
    length_ = coding_ = connection_ = encoding_ = {};
    has_length_ = has_coding_ = false;
    return true;  // the next head follows
  }
  return frame();
}

bool Http1Reply::read_status_line(std::string_view line) {
  std::uint64_t status = 0;
  const bool version = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!version || line.size() < 12 || !parse_number(line.substr(9, 3), 10, status) ||
      status < 100 || status > 599 || (line.size() > 12 && line[12] != ' ') ||
      line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return malformed("it does not begin with an HTTP/1.1 status line"), false;
  }
  http10_ = line[7] == '0';
  reply_.status = static_cast<int>(status);
  return true;
}

bool Http1Reply::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return malformed("a header line is malformed"),
           false;  // folded lines begin with a blank: no token
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) return malformed("a header's value has a control character"), false;
  if (reply_.headers.size() >= most_fields) return malformed("it has more than 256 headers"), false;
  Field field{lower(line.substr(0, colon)), std::string(value)};
  if (field.name == "content-length") {
    if (has_length_ && length_ != value) return malformed("it has two lengths"), false;
    has_length_ = true;
    length_ = value;
  } else if (field.name == "transfer-encoding") {
    if (has_coding_) return malformed("it has two transfer codings"), false;
    has_coding_ = true;
    coding_ = lower(value);
  } else if (field.name == "connection") {
    connection_ += (connection_.empty() ? "" : ",") + lower(value);
  } else if (field.name == "content-encoding") {
    encoding_ += (encoding_.empty() ? "" : ",") + lower(value);
  }
  reply_.headers.push_back(std::move(field));
  return true;
}

/// Kept apart: merged into the headers they could pretend to be some.
bool Http1Reply::read_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return malformed("a trailer line is malformed"), false;
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) return malformed("a trailer's value has a control character"), false;
  if (reply_.trailers.size() >= most_fields)
    return malformed("it has more than 256 trailers"), false;
  reply_.trailers.push_back({lower(line.substr(0, colon)), std::string(value)});
  return true;
}

bool Http1Reply::frame() {
  head_complete_ = true;
  const bool says_close = connection_.find("close") != std::string::npos;
  const bool says_keep = connection_.find("keep-alive") != std::string::npos;
  keep_alive_ = http10_ ? says_keep && !says_close : !says_close;
  if (has_coding_ && has_length_)
    return malformed("it has a length beside a transfer coding"), false;
  if (has_coding_ && (coding_ != "chunked" || http10_))
    return malformed("its transfer coding is not chunked"), false;
  if (has_length_ && (!parse_number(length_, 10, left_) || length_.starts_with('+')))
    return malformed("its length is not a number"), false;

  const bool bodiless = method_ == "HEAD" || reply_.status == 204 || reply_.status == 304;
  if (bodiless) {
    part_ = Part::done;
    return true;
  }
  if (decode_) decoder_ = make_decoder(encoding_);
  if (decoder_) {
    // What they said was true of the coded bytes.
    std::erase_if(reply_.headers, [](const Field& field) {
      return field.name == "content-encoding" || field.name == "content-length";
    });
  }
  if (has_coding_) {
    part_ = Part::chunk_size;
  } else if (has_length_) {
    part_ = left_ == 0 ? Part::done : Part::length;
    if (!decoder_ && max_body_ != unlimited) {
      reply_.body.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, largest_first_reservation)));
    }
  } else {
    part_ = Part::until_end;
    keep_alive_ = false;
  }
  return true;
}

Http1Reply::State Http1Reply::append(std::string_view bytes) {
  const auto too_large = [&] {
    keep_alive_ = false;
    return State::too_large;
  };
  if (decoder_) {
    coded_bytes_seen_ = coded_bytes_seen_ || !bytes.empty();
    switch (decoder_->feed(bytes, reply_.body, max_body_)) {
    case ContentDecoder::Status::ok:
      return State::more;
    case ContentDecoder::Status::too_large:
      return too_large();
    case ContentDecoder::Status::broken:
      return malformed("its compressed body is broken");
    }
  }
  const std::uint64_t room = max_body_ - reply_.body.size();
  if (bytes.size() > room || (part_ == Part::length && left_ > room)) return too_large();
  reply_.body.append(bytes);
  return State::more;
}

Http1Reply::State Http1Reply::finish() {
  part_ = Part::done;
  if (decoder_ && !decoder_->finished() && coded_bytes_seen_)
    return malformed("its compressed body is cut off");
  return State::complete;
}

}  // namespace penstock::upstream
