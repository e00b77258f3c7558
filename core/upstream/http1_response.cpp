#include "upstream/http1_response.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <penstock/text.hpp>

#include "upstream/content_decoder.hpp"

namespace penstock::upstream {
namespace {

constexpr std::size_t max_head = 64U << 10U;
constexpr std::size_t max_fields = 256;
constexpr std::size_t max_chunk_line = 1024;
constexpr std::size_t max_trailer_bytes = 8192;
constexpr std::int64_t max_chunk_excess = 16384;
constexpr int max_interim = 16;
constexpr int max_empty_lines = 8;
constexpr std::size_t max_first_reservation = 1U << 20U;
constexpr std::size_t decoded_at_once = 1U << 20U;  // zlib's lengths are 32-bit

}  // namespace

Http1Response::Http1Response(std::string_view method, bool decode, std::uint64_t max_body)
    : method_(method), decode_(decode), max_body_(max_body) {}

Http1Response::State Http1Response::malformed(std::string why) {
  error_ = std::move(why);
  keep_alive_ = false;
  return State::malformed;
}

Http1Response::State Http1Response::too_large() {
  keep_alive_ = false;
  return State::too_large;
}

void Http1Response::add_deviation(std::string what) {
  keep_alive_ = false;
  add_once(response_.warnings, "the vendor's response is irregular: " + std::move(what));
}

void Http1Response::add_deviations(Deviations all) {
  for (std::string& what : all)
    add_deviation(std::move(what));
}

Http1Response::State Http1Response::feed(std::string_view bytes) {
  if (bytes.empty()) return part_ == Part::done ? State::complete : State::more;
  started_ = true;
  State state = State::more;
  while (!bytes.empty() && state == State::more) {
    switch (part_) {
    case Part::head:
      state = feed_head(bytes);
      break;
    case Part::length:
    case Part::chunk_data: {
      const std::size_t now =
          static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      state = append(bytes.substr(0, now));
      if (state != State::more) return state;
      bytes.remove_prefix(now);
      left_ -= now;
      if (left_ > 0) break;
      if (part_ == Part::length) return finish(bytes);
      part_ = Part::chunk_end;
      break;
    }
    case Part::chunk_size:
    case Part::chunk_end:
    case Part::trailers:
      state = line_part(bytes);
      break;
    case Part::until_end:
      state = append(std::exchange(bytes, {}));
      break;
    case Part::done:
      add_deviation("bytes follow its end");
      return State::complete;
    }
  }
  return state;
}

Http1Response::State Http1Response::feed_head(std::string_view& bytes) {
  const std::size_t before = buffer_.size();
  buffer_.append(bytes);
  // Empty lines left over from a previous or an interim response (RFC 9112 section 2.2).
  std::size_t cut = 0;
  while (buffer_.compare(cut, 1, "\n") == 0 || buffer_.compare(cut, 2, "\r\n") == 0) {
    cut += buffer_[cut] == '\n' ? 1 : 2;
    if (++empty_lines_ > max_empty_lines) return malformed("too many empty lines precede it");
  }
  if (cut > 0) {
    add_deviation("an empty line precedes it");
    scanned_ = 0;
  }
  const std::size_t size = head_size(std::string_view(buffer_).substr(cut), scanned_);
  if (size == std::string::npos || size > max_head) {
    if (buffer_.size() > max_head) return malformed("its head is larger than 64 KiB");
    buffer_.erase(0, cut);
    bytes = {};
    return State::more;
  }
  bytes.remove_prefix(cut + size - before);
  const bool read = read_head(std::string_view(buffer_).substr(cut, size));
  buffer_.clear();
  scanned_ = 0;
  if (!read) return State::malformed;
  return part_ == Part::done ? finish(bytes) : State::more;
}

/// The line-based parts of a chunked body. Each line must end in CR LF, even if other readers are
/// more lenient.
Http1Response::State Http1Response::line_part(std::string_view& bytes) {
  const std::size_t line_feed = bytes.find('\n');
  buffer_.append(
      bytes.substr(0, line_feed == std::string_view::npos ? bytes.size() : line_feed + 1));
  if (part_ == Part::trailers) {
    if (trailers_.size() + buffer_.size() > max_trailer_bytes)
      return malformed("its trailers are larger than 8 KiB");
  } else if (buffer_.size() > max_chunk_line) {
    return malformed("a chunk line is longer than 1 KiB");
  }
  if (line_feed == std::string_view::npos) {
    bytes = {};
    return State::more;
  }
  bytes.remove_prefix(line_feed + 1);
  if (!buffer_.ends_with("\r\n")) return malformed("a line of a chunk does not end in CR LF");
  const std::string line = std::exchange(buffer_, {});
  const std::string_view text = std::string_view(line).substr(0, line.size() - 2);
  switch (part_) {
  case Part::chunk_size:
    return chunk_size_line(text);
  case Part::chunk_end:
    if (!text.empty()) return malformed("a chunk is longer than it says");
    part_ = Part::chunk_size;
    return State::more;
  default:
    if (text.empty()) return end_of_trailers(bytes);
    trailers_ += line;
    return State::more;
  }
}

Http1Response::State Http1Response::chunk_size_line(std::string_view line) {
  Deviations deviations;
  const auto size = read_chunk_size(line, deviations);
  if (!size) return malformed(size.error());
  add_deviations(std::move(deviations));
  left_ = *size;
  // A chunk line for a byte or two is common; pages of extensions for each are an attack.
  const auto justified = static_cast<std::int64_t>(std::min<std::uint64_t>(left_, 1U << 20U));
  chunk_excess_ += static_cast<std::int64_t>(line.size()) - 16 - 2 * justified;
  chunk_excess_ = std::max<std::int64_t>(chunk_excess_, 0);
  if (chunk_excess_ > max_chunk_excess)
    return malformed("its chunks have more extensions than data");
  part_ = left_ == 0 ? Part::trailers : Part::chunk_data;
  return State::more;
}

/// Trailers are kept apart: merged into the headers, they could pose as headers.
Http1Response::State Http1Response::end_of_trailers(std::string_view excess) {
  Deviations deviations;
  auto fields = read_fields(trailers_, max_fields, deviations);
  if (!fields) return malformed("in its trailers, " + fields.error());
  response_.trailers = *std::move(fields);
  add_deviations(std::move(deviations));
  return finish(excess);
}

Http1Response::State Http1Response::end() {
  keep_alive_ = false;
  if (part_ == Part::done) return State::complete;
  if (part_ == Part::until_end) return finish({});
  return malformed(started_ ? "the connection was closed in the middle of it"
                            : "the connection was closed");
}

bool Http1Response::read_head(std::string_view head) {
  Deviations deviations;
  auto line = take_status_line(head, deviations);
  if (!line) return malformed(line.error()), false;
  response_.status = line->status;
  response_.reason = std::move(line->reason);
  http10_ = line->http10;
  const bool ends_in_order = head.ends_with("\r\n");
  if (!ends_in_order) add_once(deviations, "its header lines end in a bare line feed");
  head.remove_suffix(ends_in_order ? 2 : 1);  // the empty line
  auto fields = read_fields(head, max_fields, deviations);
  if (!fields) return malformed(fields.error()), false;
  response_.headers = *std::move(fields);
  add_deviations(std::move(deviations));
  if (response_.status >= 200) return frame();
  if (response_.status == 101)
    return malformed("it switches protocols, which was not requested"), false;
  if (++interim_ > max_interim)
    return malformed("more than 16 interim responses precede it"), false;
  Response next;
  next.warnings = response_.warnings;  // they apply to the final response as well
  response_.headers.erase("content-length");
  response_.headers.erase("transfer-encoding");
  interims_.push_back(std::exchange(response_, std::move(next)));
  return true;  // the next head follows
}

bool Http1Response::frame() {
  Deviations deviations;
  const auto framing =
      read_framing(method_, response_.status, http10_, response_.headers, deviations);
  if (!framing) return malformed(framing.error()), false;
  head_complete_ = true;
  // Declared content may still arrive, against the rules, and would be read as the next response.
  keep_alive_ = keep_alive_ && framing->keeps_alive && !framing->declares_body;
  add_deviations(std::move(deviations));
  left_ = framing->length;
  switch (framing->kind) {
  case Framing::Kind::none:
    part_ = Part::done;
    return true;
  case Framing::Kind::length:
    part_ = left_ == 0 ? Part::done : Part::length;
    break;
  case Framing::Kind::chunked:
    part_ = Part::chunk_size;
    break;
  case Framing::Kind::until_close:
    part_ = Part::until_end;
    break;
  }
  choose_decoder();
  if (part_ == Part::length && max_body_ != unlimited) {
    response_.body.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, max_first_reservation)));
  }
  return true;
}

/// RFC 9110 section 8.4.1: a single coding is decoded. Several are not: they may be one coding that
/// was named twice.
void Http1Response::choose_decoder() {
  if (!decode_) return;
  std::string named;
  int count = 0;
  for (const std::string& member : response_.headers.list("content-encoding")) {
    const std::string coding = lower(member);
    if (coding != "identity") named += (++count > 1 ? ", " : "") + coding;
  }
  if (count == 0) {
    response_.headers.erase("content-encoding");
    return;
  }
  if (count == 1 && make_decoder(named) != nullptr) {
    coding_ = named;
    return;
  }
  add_once(response_.warnings,
           "the vendor's body is returned as received, with its Content-Encoding \"" +
               printable(named) + "\", which was not requested");
}

Http1Response::State Http1Response::append(std::string_view bytes) {
  body_bytes_ += bytes.size();
  // The limit applies to the decoded body. Incompressible text is slightly larger when encoded.
  const std::uint64_t max_held =
      coding_.empty() ? max_body_ : max_body_ + std::min(max_body_ / 64 + 1024, ~max_body_);
  const std::uint64_t room = max_held - response_.body.size();
  if (bytes.size() > room || (part_ == Part::length && left_ > room)) return too_large();
  response_.body.append(bytes);
  return State::more;
}

Http1Response::State Http1Response::finish(std::string_view excess) {
  part_ = Part::done;
  const State state = coding_.empty() ? State::complete : decode();
  if (!excess.empty()) add_deviation("bytes follow its end");
  return state;
}

/// Decodes the whole body at once, so that the original bytes are still there if they are not in
/// the declared coding.
Http1Response::State Http1Response::decode() {
  const auto decoder = make_decoder(coding_);
  std::string text;
  auto status = ContentDecoder::Status::ok;
  for (std::string_view rest = response_.body;
       !rest.empty() && status == ContentDecoder::Status::ok;
       rest.remove_prefix(std::min(decoded_at_once, rest.size())))
    status = decoder->feed(rest.substr(0, decoded_at_once), text, max_body_);
  if (status == ContentDecoder::Status::too_large) return too_large();
  const bool empty = response_.body.empty();
  if (!empty && (status != ContentDecoder::Status::ok || !decoder->finished())) {
    if (response_.body.size() > max_body_) return too_large();
    add_deviation("its body is incomplete in its Content-Encoding, " + coding_ +
                  ", and is returned as received");
    return State::complete;
  }
  if (decoder->padded()) add_deviation("its " + coding_ + " body has padding after its end");
  response_.body = std::move(text);
  // These described the encoded bytes.
  response_.headers.erase("content-encoding");
  response_.headers.erase("content-length");
  return State::complete;
}

std::string Http1Response::summary() const {
  constexpr std::array reported = {"location",    "content-type", "content-length",
                                   "retry-after", "x-request-id", "request-id"};
  if (response_.status == 0) return {};
  std::string out = "received: status " + std::to_string(response_.status);
  if (!response_.reason.empty()) out += " " + printable(response_.reason);
  std::string head;
  for (const char* name : reported) {
    if (const auto value = response_.headers.get(name))
      head.append(head.empty() ? "" : ", ").append(name).append(": ") += printable(*value, 200);
  }
  if (!head.empty()) out += " (" + head + ")";
  if (body_bytes_ > 0) out += ", and " + quantity(body_bytes_, "byte") + " of its body";
  return out;
}

}  // namespace penstock::upstream
