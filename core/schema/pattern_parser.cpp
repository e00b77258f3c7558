#include <algorithm>
#include <memory>
#include <optional>

#include "schema/pattern.hpp"

namespace penstock::schema {
namespace {

constexpr char32_t last_code_point = 0x10FFFF;
constexpr std::size_t max_steps = 2000;
constexpr int max_depth = 50;

}  // namespace

/// A recursive-descent parser over the pattern's code points that generates steps directly. A
/// repeated part is parsed once and its steps are copied, so a count costs no more than the steps
/// it creates.
class PatternParser {
 public:
  explicit PatternParser(std::string_view pattern) : source_(pattern) { out_.text_ = pattern; }

  Result<Pattern, std::string> parse() {
    Steps steps = alternation(0);
    if (error_.empty() && at_ < source_.size()) refuse("a ) without its (");
    append(steps, {{Pattern::Op::match}});
    if (error_.empty() && steps.size() > max_steps) refuse("it is too large");
    if (!error_.empty()) return failure(std::move(error_));
    out_.steps_ = std::move(steps);
    return std::move(out_);
  }

 private:
  using Step = Pattern::Step;
  using Op = Pattern::Op;
  using Steps = std::vector<Step>;
  using Ranges = std::vector<Pattern::Range>;

  // Targets of split and jump are relative to the block under construction; append() shifts them.
  static void append(Steps& to, Steps more) {
    const auto shift = static_cast<std::uint32_t>(to.size());
    for (Step& step : more) {
      if (step.op == Op::split || step.op == Op::jump) {
        step.first += shift;
        step.second += shift;
      }
      to.push_back(step);
    }
  }

  void refuse(const std::string& why) {
    if (error_.empty()) error_ = why + " (at character " + std::to_string(at_ + 1) + ")";
    at_ = source_.size();
  }

  bool more() const { return at_ < source_.size(); }
  char peek() const { return source_[at_]; }
  bool take(char c) {
    if (!more() || peek() != c) return false;
    ++at_;
    return true;
  }

  Steps alternation(int depth) {
    if (depth > max_depth) {
      refuse("groups nest too deep");
      return {};
    }
    Steps left = sequence(depth);
    while (take('|')) {
      Steps right = sequence(depth);
      Steps both;
      const auto size = static_cast<std::uint32_t>(left.size());
      both.push_back({Op::split, 1, size + 2});
      append(both, std::move(left));
      both.push_back({Op::jump, size + 2 + static_cast<std::uint32_t>(right.size()), 0});
      append(both, std::move(right));
      left = std::move(both);
      // Not only at the end: each alternative copies those before it.
      if (left.size() > max_steps) {
        refuse("it is too large");
        return {};
      }
    }
    return left;
  }

  Steps sequence(int depth) {
    Steps steps;
    while (more() && peek() != '|' && peek() != ')') {
      append(steps, repeated(atom(depth)));
      if (steps.size() > max_steps) {
        refuse("it is too large");
        return {};
      }
    }
    return steps;
  }

  Steps atom(int depth) {
    const char c = source_[at_++];
    switch (c) {
    case '^':
      return {{Op::at_start}};
    case '$':
      return {{Op::at_end}};
    case '.':
      return one_of(complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
    case '[':
      return one_of(char_class());
    case '(':
      return group(depth);
    case '\\':
      return one_of(escape(false));
    case '*':
    case '+':
    case '?':
      --at_;
      refuse("nothing to repeat");
      return {};
    case '{':
    case '}':
    case ']':
      --at_;
      refuse(std::string("write \\") + c + " for a literal " + c);
      return {};
    default:
      --at_;
      return one_of(literal());
    }
  }

  Steps group(int depth) {
    if (take('?') && !take(':')) {
      refuse("look-around and named groups are not supported; (?: ) is");
      return {};
    }
    Steps inside = alternation(depth + 1);
    if (!take(')')) refuse("a ( without its )");
    return inside;
  }

  Steps repeated(Steps part) {
    std::size_t least = 1, most = 1;
    bool endless = false;
    if (take('*')) {
      least = 0;
      endless = true;
    } else if (take('+')) {
      endless = true;
    } else if (take('?')) {
      least = 0;
    } else if (take('{')) {
      if (!counts(least, most, endless)) return {};
    } else {
      return part;
    }
    take('?');  // lazy or greedy makes no difference to whether the pattern matches
    if (more() && (peek() == '*' || peek() == '+' || peek() == '{')) {
      refuse("nothing to repeat");
      return {};
    }
    if (part.size() * std::max(least + 1, most) > max_steps) {
      refuse("it is too large");
      return {};
    }
    Steps steps;
    for (std::size_t i = 0; i < least; ++i)
      append(steps, part);
    const auto size = static_cast<std::uint32_t>(part.size());
    if (endless) {
      Steps loop = {{Op::split, 1, size + 2}};
      append(loop, part);
      loop.push_back({Op::jump, 0, 0});
      append(steps, std::move(loop));
    } else {
      for (std::size_t i = least; i < most; ++i) {
        Steps optional = {{Op::split, 1, size + 1}};
        append(optional, part);
        append(steps, std::move(optional));
      }
    }
    return steps;
  }

  bool counts(std::size_t& least, std::size_t& most, bool& endless) {
    const auto number = [&]() -> std::optional<std::size_t> {
      if (!more() || peek() < '0' || peek() > '9') return std::nullopt;
      std::size_t value = 0;
      while (more() && peek() >= '0' && peek() <= '9')
        value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(source_[at_++] - '0'),
                                      100'000);
      return value;
    };
    const auto from = number();
    least = most = from.value_or(0);
    if (from && take(',')) {
      const auto to = number();
      endless = !to;
      most = to.value_or(least);
    }
    if (!from || !take('}') || most < least || most > max_steps) {
      refuse("a count is {n}, {n,} or {n,m}");
      return false;
    }
    return true;
  }

  Ranges literal() {
    const auto lead = static_cast<unsigned char>(source_[at_]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (at_ + length > source_.size() || (lead >= 0x80 && lead < 0xC2)) {
      refuse("it is not UTF-8");
      return {};
    }
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
      point = (point << 6U) | (static_cast<unsigned char>(source_[at_ + i]) & 0x3FU);
    at_ += length;
    return {{point, point}};
  }

  static Ranges complement(Ranges ranges) {
    std::ranges::sort(ranges, {}, &Pattern::Range::from);
    Ranges out;
    char32_t next = 0;
    for (const Pattern::Range& range : ranges) {
      if (range.from > next) out.push_back({next, range.from - 1});
      next = std::max<char32_t>(next, range.to + 1);
    }
    if (next <= last_code_point) out.push_back({next, last_code_point});
    return out;
  }

  Ranges hex_escape(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = more() ? source_[at_++] : ' ';
      const int digit = c >= '0' && c <= '9'                     ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) {
        refuse("a hex escape is cut short");
        return {};
      }
      value = value * 16 + static_cast<char32_t>(digit);
    }
    return {{value, value}};
  }

  Ranges escape(bool in_class) {
    if (!more()) {
      refuse("a \\ at the end");
      return {};
    }
    const char c = source_[at_++];
    const Ranges digits = {{'0', '9'}};
    const Ranges word = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    const Ranges space = {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                          {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                          {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    switch (c) {
    case 'd':
      return digits;
    case 'D':
      return complement(digits);
    case 'w':
      return word;
    case 'W':
      return complement(word);
    case 's':
      return space;
    case 'S':
      return complement(space);
    case 'n':
      return {{'\n', '\n'}};
    case 'r':
      return {{'\r', '\r'}};
    case 't':
      return {{'\t', '\t'}};
    case 'f':
      return {{'\f', '\f'}};
    case 'v':
      return {{'\v', '\v'}};
    case 'x':
      return hex_escape(2);
    case 'u':
      return hex_escape(4);
    default:
      break;
    }
    const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (alphanumeric || static_cast<unsigned char>(c) >= 0x80) {
      refuse(std::string("\\") + c +
             (in_class ? " is not supported in a class" : " is not supported"));
      return {};
    }
    return {{static_cast<char32_t>(c), static_cast<char32_t>(c)}};
  }

  Ranges char_class() {
    const bool negated = take('^');
    Ranges ranges;
    while (more() && peek() != ']') {
      Ranges from = take('\\') ? escape(true) : literal();
      const bool single = from.size() == 1 && from[0].from == from[0].to;
      if (single && at_ + 1 < source_.size() && peek() == '-' && source_[at_ + 1] != ']') {
        ++at_;
        const Ranges to = take('\\') ? escape(true) : literal();
        if (to.size() != 1 || to[0].from != to[0].to || to[0].from < from[0].from) {
          refuse("a range of a class is the wrong way round");
          return {};
        }
        from[0].to = to[0].to;
      }
      ranges.insert(ranges.end(), from.begin(), from.end());
    }
    if (!take(']')) refuse("a [ without its ]");
    return negated ? complement(std::move(ranges)) : ranges;
  }

  Steps one_of(const Ranges& ranges) {
    const auto begin = static_cast<std::uint32_t>(out_.ranges_.size());
    out_.ranges_.insert(out_.ranges_.end(), ranges.begin(), ranges.end());
    return {{Op::one_of, begin, static_cast<std::uint32_t>(out_.ranges_.size())}};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::string error_;
  Pattern out_;
};

Result<Pattern, std::string> Pattern::compile(std::string_view pattern) {
  auto parsed = PatternParser(pattern).parse();
  if (parsed) parsed->make_table();
  return parsed;
}

}  // namespace penstock::schema
