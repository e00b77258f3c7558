// A vendor's response has the same meaning for any segmentation.
#include <algorithm>

#include <penstock/text.hpp>

#include "fuzz.hpp"
#include "upstream/content_decoder.hpp"
#include "upstream/http1_response.hpp"

namespace penstock::fuzz {
namespace {

using upstream::Http1Response;
using State = Http1Response::State;

struct Setup {
  const char* method;
  bool decode, ends;
  std::uint64_t max_body;
};

struct Read {
  State state = State::more;
  bool keeps_alive = false, started = false;
  std::string trouble;
  upstream::Response response;
};

Read read(const Setup& setup, std::string_view bytes, std::uint32_t pieces) {
  Http1Response reader(setup.method, setup.decode, setup.max_body);
  Read out;
  bool finished = false;
  in_pieces(bytes, pieces, [&](std::string_view piece) {
    out.state = reader.feed(piece);
    require(!finished || (out.state == State::complete && !reader.keeps_alive()),
            "what follows a whole answer ends its connection and does not change it");
    finished = out.state == State::complete;
    return out.state == State::more || finished;
  });
  if (setup.ends && out.state == State::more) out.state = reader.end();
  out.keeps_alive = reader.keeps_alive();
  out.started = reader.started();
  out.trouble = reader.error();
  out.response = reader.take();
  return out;
}

void same(const Read& a, const Read& b) {
  require(a.state == b.state, "an answer means the same however it is cut",
          a.trouble + " / " + b.trouble);
  require(a.started == b.started, "started does not depend on the cut");
  if (a.state != State::complete) return;
  require(a.response.status == b.response.status && a.response.headers == b.response.headers &&
              a.response.body == b.response.body && a.response.reason == b.response.reason &&
              a.response.trailers == b.response.trailers &&
              a.response.warnings == b.response.warnings && a.keeps_alive == b.keeps_alive,
          "a whole answer is the same however it is cut", a.response.body);
}

/// Whether the body, left coded, is one whole stream of its coding.
bool decodes_whole(const upstream::Response& coded) {
  std::string name, text;
  for (const std::string& member : coded.headers.list("content-encoding")) {
    if (const std::string coding = lower(member); coding != "identity") name = coding;
  }
  const auto decoder = upstream::make_decoder(name);
  return decoder != nullptr &&
         decoder->feed(coded.body, text, 1U << 24U) == upstream::ContentDecoder::Status::ok &&
         decoder->finished();
}

void check_framing(const Setup& setup, const Read& whole) {
  int lengths = 0;
  for (const Field& field : whole.response.headers) {
    require(field.name != "transfer-encoding", "no framing is left but a length");
    if (field.name != "content-length") continue;
    ++lengths;
    require(field.value.find_first_not_of("0123456789") == std::string::npos,
            "a length is a number", field.value);
    const bool bodiless = std::string_view(setup.method) == "HEAD" || whole.response.status == 304;
    require(bodiless || field.value == std::to_string(whole.response.body.size()),
            "a length is the body's", field.value);
  }
  require(lengths <= 1, "there is one length at most");
}

void check_whole(const Setup& setup, std::string_view bytes, const Read& whole) {
  require(whole.started && whole.response.status >= 200 && whole.response.status <= 999,
          "a whole answer has a final status");
  require(whole.response.body.size() <= setup.max_body, "a body never exceeds its limit");
  for (const Field& field : whole.response.headers) {
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos &&
                field.name.find_first_of(": \r\n") == std::string::npos,
            "no header holds a line end or NUL", field.name);
  }
  check_framing(setup, whole);
  require(!whole.keeps_alive || std::ranges::none_of(whole.response.warnings,
                                                     [](const std::string& warning) {
                                                       return warning.find("odd") !=
                                                              std::string::npos;
                                                     }),
          "an odd answer ends its connection");
  const Read coded = read({setup.method, false, setup.ends, 1U << 24U}, bytes, 0);
  require(coded.state == State::complete, "what decodes is whole without decoding");
  if (!setup.decode || whole.response.headers.has("content-encoding") ||
      coded.response.body == whole.response.body) {
    require(coded.response.body == whole.response.body,
            "a body that is not decoded is as it was sent", whole.response.body);
  } else {
    require(decodes_whole(coded.response), "a compressed body that is cut off is no whole answer",
            coded.response.body);
  }
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  Input input(data, size);
  const std::uint8_t flags = input.byte(), cut = input.byte();
  const Setup setup{(flags & 1U) != 0 ? "HEAD" : "GET", (flags & 2U) != 0, (flags & 4U) != 0,
                    (flags & 8U) != 0 ? 64U : 1U << 20U};
  const std::string_view bytes = input.rest();
  const Read whole = read(setup, bytes, 0);
  same(whole, read(setup, bytes, 1));
  same(whole, read(setup, bytes, 2U + cut));
  if (whole.state == State::complete) check_whole(setup, bytes, whole);
  if (whole.state == State::malformed) require(!whole.trouble.empty(), "a refusal says why");
  return 0;
}
