#include "schema/pattern.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace penstock::schema {
namespace {

/// Returns the next code point and advances `at`. Each malformed byte becomes U+FFFD.
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

/// The set of steps that the automaton is in. Each step is in the set at most once, so each
/// character examines every step at most once.
class Pattern::Threads {
 public:
  explicit Threads(const Pattern& pattern) : pattern_(&pattern), seen_(pattern.steps_.size(), 0) {}

  void begin() {
    ++round_;
    alive_.clear();
    matched_ = false;
  }

  /// Adds `step` and all steps reachable from it without consuming a character. `at_start` and
  /// `at_end` decide whether the anchors match.
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

  void enter_all(const std::vector<std::uint32_t>& steps, bool at_start, bool at_end) {
    begin();
    for (const std::uint32_t step : steps)
      enter(step, at_start, at_end);
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

/// Enumerates every set of steps that a text can lead to. Gives up if there are too many.
class Pattern::TableMaker {
 public:
  explicit TableMaker(const Pattern& pattern) : pattern_(pattern), threads_(pattern) {}

  std::optional<Table> make() {
    find_classes();
    if (table_.classes() > max_classes) return std::nullopt;
    add_state({}, false);  // dead: all its moves lead to itself
    add_state({}, true);   // found
    table_.start = state_after({0}, true);
    for (std::size_t state = 2; state < alive_.size(); ++state) {
      if (state >= max_states) return std::nullopt;
      for (std::size_t one = 0; one < table_.classes(); ++one)
        table_.moves[state * table_.classes() + one] = move(state, one);
    }
    return std::move(table_);
  }

 private:
  static constexpr std::size_t max_states = 512, max_classes = 64;

  void find_classes() {
    for (const Range& range : pattern_.ranges_) {
      if (range.from > 0) table_.borders.push_back(range.from);
      table_.borders.push_back(range.to + 1);
    }
    std::ranges::sort(table_.borders);
    // Not std::ranges::unique: clang 14 cannot compile it.
    table_.borders.erase(std::unique(table_.borders.begin(), table_.borders.end()),
                         table_.borders.end());
    if (table_.classes() > max_classes) return;
    for (char32_t point = 0; point < table_.ascii_classes.size(); ++point)
      table_.ascii_classes[point] = static_cast<std::uint8_t>(table_.class_of(point));
  }

  std::uint16_t move(std::size_t state, std::size_t one) {
    const char32_t point = one == 0 ? 0 : table_.borders[one - 1];
    std::vector<std::uint32_t> reached;
    for (const std::uint32_t step : alive_[state]) {
      const auto begin = pattern_.ranges_.begin() + pattern_.steps_[step].first;
      const auto end = pattern_.ranges_.begin() + pattern_.steps_[step].second;
      if (std::any_of(begin, end,
                      [&](Range range) { return range.from <= point && point <= range.to; }))
        reached.push_back(step + 1);
    }
    reached.push_back(0);  // a match may start anywhere
    return state_after(reached, false);
  }

  std::uint16_t state_after(const std::vector<std::uint32_t>& steps, bool at_start) {
    threads_.enter_all(steps, at_start, true);
    const bool accepts_at_end = threads_.matched();
    threads_.enter_all(steps, at_start, false);
    if (threads_.matched()) return Table::found;
    std::vector<std::uint32_t> alive = threads_.alive();
    std::ranges::sort(alive);
    if (alive.empty() && !accepts_at_end) return Table::dead;
    const auto [known, fresh] =
        numbers_.try_emplace({alive, accepts_at_end}, static_cast<std::uint16_t>(alive_.size()));
    if (fresh) add_state(std::move(alive), accepts_at_end);
    return known->second;
  }

  void add_state(std::vector<std::uint32_t> alive, bool accepts_at_end) {
    table_.moves.resize(table_.moves.size() + table_.classes(),
                        static_cast<std::uint16_t>(alive_.size()));
    table_.accepts_at_end.push_back(accepts_at_end);
    alive_.push_back(std::move(alive));
  }

  const Pattern& pattern_;
  Threads threads_;
  Table table_;
  std::vector<std::vector<std::uint32_t>> alive_;  ///< for each state, sorted
  std::map<std::pair<std::vector<std::uint32_t>, bool>, std::uint16_t> numbers_;
};

std::size_t Pattern::Table::class_of(char32_t point) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(borders, point) - borders.begin());
}

bool Pattern::Table::search(std::string_view text) const {
  std::uint16_t state = start;
  const std::size_t width = classes();
  std::size_t at = 0;
  while (state > found && at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::size_t one = 0;
    if (byte < 0x80) {
      one = ascii_classes[byte];
      ++at;
    } else {
      one = class_of(next_code_point(text, at));
    }
    state = moves[state * width + one];
  }
  return accepts_at_end[state];
}

void Pattern::make_table() { table_ = TableMaker(*this).make(); }

bool Pattern::search(std::string_view text) const {
  return table_ ? table_->search(text) : search_by_steps(text);
}

bool Pattern::search_by_steps(std::string_view text) const {
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
    next.enter(0, false, at_end);  // a match may start anywhere
    std::swap(now, next);
  }
  return now.matched();
}

}  // namespace penstock::schema
