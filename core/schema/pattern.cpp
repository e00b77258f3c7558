#include "schema/pattern.hpp"

#include <algorithm>

namespace penstock::schema {
namespace {

/// The next code point; advances `at`. Malformed bytes become U+FFFD one by one.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return byte(at++);
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
  if (more == 0 || lead > 0xF4 || at + more >= text.size()) {
    ++at;
    return 0xFFFD;
  }
  char32_t point = lead & (0x3FU >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) {
      ++at;
      return 0xFFFD;
    }
    point = (point << 6U) | (byte(at + i) & 0x3FU);
  }
  at += more + 1;
  return point;
}

}  // namespace

/// The set of steps that the automaton is in; each step at most once, so a character costs at most
/// one look at each.
class Pattern::Threads {
 public:
  explicit Threads(const Pattern& pattern) : pattern_(&pattern), seen_(pattern.steps_.size(), 0) {}

  void begin() {
    ++round_;
    alive_.clear();
    matched_ = false;
  }

  /// Enters `step` and all that it reaches without reading; `position` answers the anchors.
  void enter(std::uint32_t step, bool at_start, bool at_end) {
    pending_.push_back(step);
    while (!pending_.empty()) {
      const std::uint32_t now = pending_.back();
      pending_.pop_back();
      if (seen_[now] == round_) continue;
      seen_[now] = round_;
      const Step& at = pattern_->steps_[now];
      switch (at.op) {
      case Op::match:
        matched_ = true;
        break;
      case Op::one_of:
        alive_.push_back(now);
        break;
      case Op::jump:
        pending_.push_back(at.first);
        break;
      case Op::split:
        pending_.push_back(at.second);
        pending_.push_back(at.first);
        break;
      case Op::at_start:
        if (at_start) pending_.push_back(now + 1);
        break;
      case Op::at_end:
        if (at_end) pending_.push_back(now + 1);
        break;
      }
    }
  }

  bool matched() const { return matched_; }
  const std::vector<std::uint32_t>& alive() const { return alive_; }

 private:
  const Pattern* pattern_;
  std::vector<std::uint64_t> seen_;
  std::uint64_t round_ = 0;
  std::vector<std::uint32_t> alive_, pending_;
  bool matched_ = false;
};

bool Pattern::search(std::string_view text) const {
  Threads now(*this), next(*this);
  now.begin();
  now.enter(0, true, text.empty());
  std::size_t at = 0;
  while (!now.matched() && at < text.size()) {
    const char32_t point = next_code_point(text, at);
    const bool at_end = at == text.size();
    next.begin();
    for (const std::uint32_t step : now.alive()) {
      const auto begin = ranges_.begin() + steps_[step].first;
      const auto end = ranges_.begin() + steps_[step].second;
      if (std::any_of(begin, end,
                      [&](Range range) { return range.from <= point && point <= range.to; })) {
        next.enter(step + 1, false, at_end);
      }
    }
    next.enter(0, false, at_end);  // a match may begin anywhere
    std::swap(now, next);
  }
  return now.matched();
}

}  // namespace penstock::schema
