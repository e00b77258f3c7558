#include "base/redactor.hpp"

#include <algorithm>
#include <deque>

#include <penstock/hex.hpp>
#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

#include "base/decoding.hpp"

namespace penstock {
namespace {

constexpr std::size_t shortest_value = 4;
constexpr std::size_t shortest_run = 4;
constexpr std::string_view stars = "***";
constexpr int max_layers = 6;  ///< maximum number of nested codings

/// How many bytes of a secret are searched for in base64 or hex; enough to find the run.
constexpr std::size_t searched_in_runs = 48;

/// Larger texts are searched in pieces, so memory use does not grow with them.
constexpr std::size_t smallest_piece = 256U << 10U;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_run_character(char c) {
  return is_letter_or_digit(c) || std::string_view("+/-_=").find(c) != std::string_view::npos;
}

/// Maps `+` to a space, because a form uses it for a space: the two are not distinguished.
unsigned char folded(char c) { return static_cast<unsigned char>(c == '+' ? ' ' : c); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// "%2F" becomes "%2f".
std::string lower_percent(std::string text) {
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    for (const std::size_t digit : {at + 1, at + 2})
      text[digit] = lower(text.substr(digit, 1)).front();
  }
  return text;
}

/// UTF-8 whose bytes were read as Latin-1 and encoded as UTF-8 again.
std::string read_as_latin1(std::string_view utf8) {
  std::string out;
  for (const char c : utf8)
    append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

/// Converts to Latin-1; empty if that is impossible or changes nothing.
std::string as_latin1(std::string_view utf8) {
  std::string out;
  for (std::string_view rest = utf8; !rest.empty();) {
    const Utf8Character read = decode_utf8(rest);
    if (read.length == 0 || read.code_point > 0xFF) return {};
    out += static_cast<char>(read.code_point);
    rest.remove_prefix(read.length);
  }
  return out == utf8 ? std::string() : out;
}

/// Converts to UTF-16, big-endian if `high_first`; empty if `utf8` is not valid UTF-8.
std::string as_utf16(std::string_view utf8, bool high_first) {
  std::string out;
  const auto unit = [&](std::uint32_t value) {
    const auto high = static_cast<char>(value >> 8U), low = static_cast<char>(value & 0xFFU);
    out += high_first ? high : low;
    out += high_first ? low : high;
  };
  while (!utf8.empty()) {
    const auto [c, length] = decode_utf8(utf8);
    if (length == 0) return {};
    if (c < 0x10000) {
      unit(c);
    } else {
      unit(0xD800U + ((c - 0x10000U) >> 10U));
      unit(0xDC00U + ((c - 0x10000U) & 0x3FFU));
    }
    utf8.remove_prefix(length);
  }
  return out;
}

/// The base64 characters that depend only on the value if `before` other bytes precede it.
std::string base64_core(std::string_view value, std::size_t before) {
  const std::string encoded = base64_encode(std::string(before, '\0') + std::string(value));
  const std::size_t head = before == 0 ? 0 : before + 1;
  const std::size_t whole = (before + value.size()) * 8 / 6;
  return whole > head ? encoded.substr(head, whole - head) : std::string();
}

}  // namespace

/// A text to search, with a mapping of its bytes to the text that is redacted.
struct Redactor::View {
  const Traced& traced;
  std::size_t offset;  ///< of the piece
};

/// The parts of a text to be replaced.
class Redactor::Hits {
 public:
  /// Adds a part of `view`, given by its positions there.
  void add(const View& view, std::size_t begin, std::size_t end) {
    parts_.push_back({view.offset + view.traced.parts[begin].begin,
                      view.offset + view.traced.parts[end - 1].end});
  }

  std::string replace_in(const std::string& text) {
    if (parts_.empty()) return text;
    std::ranges::sort(parts_);
    std::string out;
    std::size_t done = 0, begin = parts_.front().first, end = parts_.front().second;
    const auto write = [&] {
      out.append(text, done, begin - done).append(stars);
      done = end;
    };
    for (const auto& [next_begin, next_end] : parts_) {
      if (next_begin > end) {
        write();
        begin = next_begin;
      }
      end = std::max(end, next_end);
    }
    write();
    return out.append(text, done);
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> parts_;
};

std::string Redactor::decoded(std::string_view text) {
  Traced now(text), next;
  for (int layer = 0; layer < max_layers && decode(now, coding::all, next); ++layer)
    std::swap(now, next);
  return std::move(now.text);
}

void Redactor::add(std::string_view secret) {
  if (secret.empty()) return;
  const std::string value(secret), latin1 = as_latin1(secret);
  const std::string utf16[] = {as_utf16(secret, false), as_utf16(secret, true)};
  for (const std::string& form : {value, latin1, read_as_latin1(secret)}) {
    for (const std::string& plain : {form, decoded(form)})
      add_needle(plain, plain.size() < shortest_value ? Extent::word : Extent::value);
  }
  if (secret.size() >= shortest_value) {
    for (const std::string& form : utf16)
      add_needle(form, Extent::value);
  }
  const std::string start(secret.substr(0, searched_in_runs));
  const std::string percent = percent_encode(start), form = replaced(percent, "%20", "+");
  for (const std::string& inside :
       {start, latin1.substr(0, searched_in_runs), percent, form, lower_percent(percent),
        lower_percent(form), utf16[0].substr(0, searched_in_runs),
        utf16[1].substr(0, searched_in_runs)}) {
    for (std::size_t before = 0; before < 3; ++before) {
      const std::string base64 = base64_core(inside, before);
      add_needle(base64, Extent::run);
      add_needle(replaced(replaced(base64, "+", "-"), "/", "_"), Extent::run);
    }
  }
  if (start.size() >= shortest_value) {
    for (const std::string& inside :
         {start, utf16[0].substr(0, searched_in_runs), utf16[1].substr(0, searched_in_runs)})
      add_needle(to_hex(inside), Extent::hex_run);
  }
  link();
}

void Redactor::add_needle(std::string text, Extent extent) {
  if (text.empty() || (extent >= Extent::run && text.size() < shortest_run)) return;
  const bool known =
      std::ranges::any_of(needles_, [&](const Needle& needle) { return needle.text == text; });
  if (known) return;
  longest_ = std::max(longest_, text.size());
  needles_.push_back({std::move(text), extent});
  insert(static_cast<int>(needles_.size()) - 1);
}

int Redactor::child(int state, unsigned char byte) const {
  int next = states_[static_cast<std::size_t>(state)].first_child;
  while (next >= 0 && states_[static_cast<std::size_t>(next)].byte != byte)
    next = states_[static_cast<std::size_t>(next)].next_sibling;
  return next;
}

void Redactor::insert(int needle) {
  int state = 0;
  for (const char c : needles_[static_cast<std::size_t>(needle)].text) {
    int next = child(state, folded(c));
    if (next < 0) {
      next = static_cast<int>(states_.size());
      State fresh;
      fresh.byte = folded(c);
      fresh.next_sibling = states_[static_cast<std::size_t>(state)].first_child;
      states_[static_cast<std::size_t>(state)].first_child = next;
      states_.push_back(fresh);
      if (state == 0) roots_[fresh.byte] = next;
    }
    state = next;
  }
  take_longer(states_[static_cast<std::size_t>(state)].needle, needle);
}

void Redactor::take_longer(int& needle, int other) const {
  const auto length = [&](int one) {
    return one < 0 ? 0 : needles_[static_cast<std::size_t>(one)].text.size();
  };
  if (length(other) > length(needle)) needle = other;
}

int Redactor::step(int state, unsigned char byte) const {
  while (state != 0) {
    const int next = child(state, byte);
    if (next >= 0) return next;
    state = states_[static_cast<std::size_t>(state)].fallback;
  }
  return roots_[byte];
}

/// Breadth first: a fallback is shorter than the state that falls back to it, so it is linked
/// already.
void Redactor::link() {
  std::deque<int> waiting{0};
  while (!waiting.empty()) {
    const int parent = waiting.front();
    waiting.pop_front();
    for (int at = states_[static_cast<std::size_t>(parent)].first_child; at >= 0;
         at = states_[static_cast<std::size_t>(at)].next_sibling) {
      State& state = states_[static_cast<std::size_t>(at)];
      const State& above = states_[static_cast<std::size_t>(parent)];
      state.fallback = parent == 0 ? 0 : step(above.fallback, state.byte);
      take_longer(state.needle, states_[static_cast<std::size_t>(state.fallback)].needle);
      waiting.push_back(at);
    }
  }
}

void Redactor::search(const View& view, Hits& hits) const {
  search(view, hits, false);
  // Only hex is case-insensitive.
  Traced lowered = view.traced;
  bool changed = false;
  for (char& c : lowered.text) {
    if (c < 'A' || c > 'F') continue;
    c = static_cast<char>(c - 'A' + 'a');
    changed = true;
  }
  if (changed) search({lowered, view.offset}, hits, true);
}

void Redactor::search(const View& view, Hits& hits, bool hex_only) const {
  const std::string_view text = view.traced.text;
  const auto touches = [&](std::size_t at) {
    return at < text.size() && is_letter_or_digit(text[at]);
  };
  std::size_t run_end = 0;
  int state = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    state = step(state, folded(text[i]));
    const int found = states_[static_cast<std::size_t>(state)].needle;
    if (found < 0) continue;
    const Needle& needle = needles_[static_cast<std::size_t>(found)];
    if (hex_only && needle.extent != Extent::hex_run) continue;
    std::size_t begin = i + 1 - needle.text.size(), end = i + 1;
    if (needle.extent == Extent::word && ((begin > 0 && touches(begin - 1)) || touches(end)))
      continue;
    if (needle.extent >= Extent::run) {
      if (end <= run_end) continue;
      while (begin > run_end && is_run_character(text[begin - 1]))
        --begin;
      while (end < text.size() && is_run_character(text[end]))
        ++end;
      run_end = end;
    }
    hits.add(view, begin, end);
  }
}

/// Searches the text as it is, then with each coding removed alone (for values that look like
/// another coding), then with all codings removed, layer by layer.
void Redactor::search_all(std::string_view text, Hits& hits) const {
  const std::size_t overlap = longest_ * 24 + 256;
  const std::size_t piece = std::max(smallest_piece, overlap * 4);
  for (std::size_t offset = 0;; offset += piece - overlap) {
    const Traced plain(text.substr(offset, piece));
    search({plain, offset}, hits);
    Traced now;
    for (const unsigned one :
         {coding::percent, coding::markup, coding::escapes, coding::quoted_printable}) {
      if (decode(plain, one, now)) search({now, offset}, hits);
    }
    Traced next = plain;
    for (int layer = 0; layer < max_layers && decode(next, coding::all, now); ++layer) {
      search({now, offset}, hits);
      std::swap(now, next);
    }
    if (text.size() - offset <= piece) return;
  }
}

std::string Redactor::redact(std::string text) const {
  if (needles_.empty() || text.empty()) return text;
  Hits hits;
  search_all(text, hits);
  return hits.replace_in(text);
}

}  // namespace penstock
