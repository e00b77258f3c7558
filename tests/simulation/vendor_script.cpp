#include "vendor_script.hpp"

#include <algorithm>
#include <array>

namespace penstock::simulation {
namespace {

using Kind = Step::Kind;

constexpr std::array<std::string_view, tricks> names = {
    "honest",
    "announced_close",
    "interim_answers",
    "excess_in_record",
    "excess_in_segment",
    "poison_in_record",
    "poison_in_segment",
    "poison_later",
    "content_without_body",
    "close_with_answer",
    "close_after_answer",
    "reset_after_answer",
    "cut_by_close_notify",
    "cut_by_fin",
    "cut_by_reset",
    "cut_by_garbage",
    "unframed_cut_by_fin",
    "bad_chunks",
    "two_lengths",
    "no_answer",
    "close_unanswered",
    "half_close_unanswered",
    "reset_unanswered",
    "close_unanswered_and_refuse",
    "part_read_then_closed",
    "part_read_then_reset",
    "part_read_then_silence",
    "early_answer_drained",
    "early_answer_unread",
    "early_answer_then_reset",
    "idle_poison",
    "idle_excess",
    "idle_408",
    "idle_close_notify",
    "idle_fin",
    "idle_reset",
    "idle_garbage",
    "idle_key_update",
    "refused_connections",
};

enum class Framing : std::uint8_t { length, chunked, until_close };

struct Text {
  std::string head, content;

  std::string whole() const { return head + content; }
};

/// Sizes below one TCP segment of the loopback: "in the same segment" then means what it says.
std::string make_body(Random& random, int mark, int attempt, bool small) {
  constexpr std::array<std::size_t, 5> sizes = {0, 10, 900, 20'000, 150'000};
  const std::size_t size = sizes[random.pick(small ? 3 : sizes.size())];
  return "{\"mark\":" + std::to_string(mark) + ",\"attempt\":" + std::to_string(attempt) +
         ",\"fill\":\"" + std::string(size, static_cast<char>('a' + mark % 26)) + "\"}";
}

std::string in_chunks(Random& random, std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const std::size_t size = std::min(body.size(), 1 + random.pick(body.size()));
    std::array<char, 24> line{};
    std::snprintf(line.data(), line.size(), random.chance(0.5) ? "%zx" : "%zX", size);
    out += line.data();
    if (random.chance(0.2)) out += ";name=value";
    out.append("\r\n").append(body.substr(0, size)).append("\r\n");
    body.remove_prefix(size);
  }
  out += "0\r\n";
  if (random.chance(0.2)) out += "X-Trailer: 1\r\n";
  return out + "\r\n";
}

Text make_response(Random& random, int mark, int status, const std::string& body, Framing framing,
                   bool bodiless) {
  Text out;
  out.head = "HTTP/1.1 " + std::to_string(status) + " Said so\r\nX-Mark: " + std::to_string(mark) +
             "\r\nContent-Type: application/json\r\n";
  switch (framing) {
  case Framing::length:
    out.head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    out.content = body;
    break;
  case Framing::chunked:
    out.head += "Transfer-Encoding: chunked\r\n";
    out.content = in_chunks(random, body);
    break;
  case Framing::until_close:
    out.content = body;
    break;
  }
  out.head += "\r\n";
  if (bodiless) out.content.clear();
  return out;
}

std::string poison(Random& random) {
  const std::string body(poison_body);
  return make_response(random, -1, 200, body,
                       random.chance(0.5) ? Framing::length : Framing::chunked, false)
      .whole();
}

/// Writes `text` in TLS records and TCP segments that end anywhere. The last record stays unsent.
void write(Random& random, std::vector<Step>& steps, std::string_view text) {
  const std::size_t style = random.pick(5);
  while (!text.empty()) {
    const std::size_t size = style == 0 ? text.size() : 1 + random.pick(text.size());
    const bool last = size == text.size() || steps.size() > 12;
    steps.push_back({Kind::record, std::string(last ? text : text.substr(0, size))});
    if (last) return;
    text.remove_prefix(size);
    if (style == 1) continue;  // several records in one segment
    if (style >= 3) steps.push_back({Kind::send_some, {}, static_cast<int>(1 + random.pick(60))});
    if (style >= 3 && random.chance(0.5)) steps.push_back({Kind::wait, {}, 1});
    steps.push_back({Kind::send});
    if (style == 4) steps.push_back({Kind::wait, {}, static_cast<int>(random.pick(3))});
  }
}

std::string bad_chunks(Random& random) {
  static const std::array<std::string, 12> all = {
      "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
      "5\nhello\r\n0\r\n\r\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "-5\r\nhello\r\n0\r\n\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      "5 5\r\nhello\r\n0\r\n\r\n",
      "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
      "\r\nhello\r\n0\r\n\r\n",
      "5\rhello\r\n0\r\n\r\n",
      "g\r\nhello\r\n0\r\n\r\n",
  };
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + all[random.pick(all.size())];
}

void end_in_order(std::vector<Step>& steps) {
  steps.push_back({Kind::close_notify});
  steps.push_back({Kind::send});
  steps.push_back({Kind::fin});
}

/// 204, 304 and HEAD have no body, whatever the head declares and whatever follows it.
Script without_body(Random& random, Script script, int mark, bool head) {
  script.status = head ? 200 : random.chance(0.5) ? 204 : 304;
  script.body.clear();
  const Text text =
      make_response(random, mark, script.status, random.chance(0.3) ? "" : "some content",
                    random.chance(0.5) ? Framing::length : Framing::chunked, false);
  write(random, script.steps, text.head);
  const std::size_t how = random.pick(3);
  if (how == 1) script.steps.push_back({Kind::send});
  if (how == 1) script.steps.push_back({Kind::wait, {}, static_cast<int>(random.pick(3))});
  if (how == 2) script.steps.back().bytes += text.content;
  if (!text.content.empty()) script.steps.push_back({Kind::extra, {}, 1});
  if (how != 2 && !text.content.empty()) script.steps.push_back({Kind::record, text.content});
  script.steps.push_back({Kind::send});
  return script;
}

}  // namespace

std::string_view name(Trick trick) { return names[static_cast<std::size_t>(trick)]; }

Script make_script(Random& random, Trick trick, int mark, int attempt, std::string_view method,
                   std::size_t request_body) {
  Script out;
  const bool head = method == "HEAD";
  // Neither frames an answer to HEAD.
  if (head && (trick == Trick::bad_chunks || trick == Trick::two_lengths)) trick = Trick::honest;
  out.trick = trick;
  if (trick == Trick::content_without_body) return without_body(random, std::move(out), mark, head);

  constexpr std::array statuses = {200, 200, 201, 203, 404, 422, 500};
  out.status = statuses[random.pick(statuses.size())];
  const bool small = (trick >= Trick::excess_in_record && trick <= Trick::reset_after_answer) ||
                     trick == Trick::early_answer_then_reset;
  const bool bodiless = head || (trick <= Trick::close_after_answer && random.chance(0.05));
  if (bodiless && !head) out.status = 204;
  Framing framing = random.chance(0.5) ? Framing::length : Framing::chunked;
  const bool may_be_unframed = trick == Trick::announced_close || trick == Trick::close_with_answer;
  if (may_be_unframed && random.chance(0.5)) framing = Framing::until_close;
  if (trick == Trick::unframed_cut_by_fin || bodiless) framing = Framing::until_close;
  const std::string body = make_body(random, mark, attempt, small);
  if (!bodiless) out.body = body;
  const Text text = make_response(random, mark, out.status, body, framing, bodiless);
  auto& steps = out.steps;
  const auto step = [&](Kind kind, int number = 0) { steps.push_back({kind, {}, number}); };
  const auto cut = [&] {
    const std::string whole = text.whole();
    const std::size_t at = random.pick(whole.size());
    out.fate = at == 0 ? Fate::none : Fate::cut;
    write(random, steps, std::string_view(whole).substr(0, at));
    if (random.chance(0.5)) step(Kind::send);
    if (random.chance(0.3)) step(Kind::wait, 1);
  };

  switch (trick) {
  case Trick::announced_close: {
    std::string whole = text.whole();
    whole.insert(whole.find("\r\n") + 2, "Connection: close\r\n");
    write(random, steps, whole);
    const bool framed = framing != Framing::until_close || bodiless;
    if (framed && random.chance(0.7)) {
      // Said, and done only later: nothing but the words tells the client.
      step(Kind::send);
      step(Kind::last);
      step(Kind::wait, static_cast<int>(5 + random.pick(20)));
    } else if (random.chance(0.5)) {
      step(Kind::send);
    }
    end_in_order(steps);
    break;
  }
  case Trick::interim_answers: {
    constexpr std::array interims = {"HTTP/1.1 100 Continue\r\n\r\n",
                                     "HTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n",
                                     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"};
    std::string all;
    for (std::size_t i = 0; i <= random.pick(3); ++i)
      all += interims[random.pick(interims.size())];
    write(random, steps, all + text.whole());
    step(Kind::send);
    break;
  }
  case Trick::excess_in_record:
  case Trick::excess_in_segment:
  case Trick::poison_in_record:
  case Trick::poison_in_segment: {
    const bool excess = trick == Trick::excess_in_record || trick == Trick::excess_in_segment;
    constexpr std::array some = {"\r\n", "\n", "x", "0\r\n\r\n", "HTTP/1.1 "};
    const std::string extra = excess ? some[random.pick(some.size())] : poison(random);
    write(random, steps, text.whole());
    if (trick == Trick::excess_in_record || trick == Trick::poison_in_record) {
      steps.back().bytes += extra;
      step(Kind::extra, 1);
    } else {
      step(Kind::extra, 1);
      steps.push_back({Kind::record, extra});
    }
    step(Kind::send);
    break;
  }
  case Trick::poison_later:
    write(random, steps, text.whole());
    step(Kind::send);
    step(Kind::wait, static_cast<int>(random.pick(4)));
    step(Kind::extra);
    steps.push_back({Kind::record, poison(random)});
    step(Kind::send);
    out.races = true;
    break;
  case Trick::close_with_answer:
    write(random, steps, text.whole());
    end_in_order(steps);
    break;
  case Trick::close_after_answer:
    write(random, steps, text.whole());
    step(Kind::send);
    step(Kind::wait, static_cast<int>(random.pick(3)));
    if (random.chance(0.7)) step(Kind::close_notify);
    step(Kind::send);
    step(Kind::fin);
    out.races = true;
    break;
  case Trick::reset_after_answer:
    write(random, steps, text.whole());
    step(Kind::send);
    step(Kind::wait, static_cast<int>(random.pick(3)));
    step(Kind::reset);
    out.races = true;
    out.fate = Fate::either;
    break;
  case Trick::cut_by_close_notify:
    cut();
    end_in_order(steps);
    break;
  case Trick::cut_by_fin:
  case Trick::unframed_cut_by_fin:
    cut();
    step(Kind::send);
    step(Kind::fin);
    break;
  case Trick::cut_by_reset:
    cut();
    step(Kind::send);
    step(Kind::reset);
    break;
  case Trick::cut_by_garbage:
    cut();
    step(Kind::garbage);
    step(Kind::send);
    step(Kind::silence);
    break;
  case Trick::bad_chunks:
  case Trick::two_lengths:
    write(random, steps,
          trick == Trick::bad_chunks
              ? bad_chunks(random)
              : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc");
    step(Kind::send);
    step(Kind::silence);
    out.fate = Fate::cut;
    break;
  case Trick::no_answer:
    step(Kind::silence);
    out.fate = Fate::none;
    break;
  case Trick::close_unanswered:
  case Trick::close_unanswered_and_refuse:
    out.refuses = trick == Trick::close_unanswered_and_refuse;
    if (out.refuses) step(Kind::refuse);
    end_in_order(steps);
    out.fate = Fate::none;
    break;
  case Trick::half_close_unanswered:
    step(Kind::fin);
    out.fate = Fate::none;
    break;
  case Trick::reset_unanswered:
    step(Kind::reset);
    out.fate = Fate::none;
    break;
  case Trick::part_read_then_closed:
  case Trick::part_read_then_reset:
  case Trick::part_read_then_silence:
    out.read_limit = 30 + random.pick(60 + request_body);
    out.fate = Fate::none;
    if (trick == Trick::part_read_then_closed) end_in_order(steps);
    step(trick == Trick::part_read_then_reset ? Kind::reset : Kind::silence);
    break;
  case Trick::early_answer_drained:
  case Trick::early_answer_unread:
  case Trick::early_answer_then_reset:
    out.early = true;
    write(random, steps, text.whole());
    step(Kind::send);
    if (trick == Trick::early_answer_unread) step(Kind::silence);
    if (trick == Trick::early_answer_then_reset) step(Kind::reset);
    // Of a small request nothing is left to send, and the connection is as good as any other until
    // the reset.
    out.races = trick == Trick::early_answer_then_reset;
    if (out.races && method != "POST") out.fate = Fate::either;
    break;
  default:
    write(random, steps, text.whole());
    step(Kind::send);
  }
  return out;
}

std::vector<Step> idle_steps(Random& random, Trick trick) {
  switch (trick) {
  case Trick::idle_poison:
    return {{Kind::record, poison(random)}, {Kind::send}};
  case Trick::idle_excess:
    return {{Kind::record, random.chance(0.5) ? "\r\n" : "0\r\n\r\n"}, {Kind::send}};
  case Trick::idle_408:
    return {{Kind::record,
             "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
            {Kind::close_notify},
            {Kind::send},
            {Kind::fin}};
  case Trick::idle_close_notify:
    return {{Kind::close_notify}, {Kind::send}};
  case Trick::idle_fin:
    return {{Kind::fin}};
  case Trick::idle_reset:
    return {{Kind::reset}};
  case Trick::idle_garbage:
    return {{Kind::garbage}, {Kind::send}};
  default:
    return {{Kind::key_update}, {Kind::send}};
  }
}

}  // namespace penstock::simulation
