#include "schema/ecma_syntax.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include <penstock/utf8.hpp>

namespace penstock::schema {
namespace {

constexpr int max_depth = 50;

// ECMA 262's white space and line terminators; RE2's \s is ASCII only.
constexpr std::string_view space =
    R"(\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF})";
constexpr std::string_view not_space =
    R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF})";
constexpr std::string_view not_line_end = R"([^\n\r\x{2028}\x{2029}])";
constexpr std::string_view anything = R"(\x{0}-\x{10FFFF})";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_alphanumeric(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

class Translator {
 public:
  explicit Translator(std::string_view pattern) : source_(pattern) {}

  Result<std::string, std::string> translate() {
    while (more())
      term();
    if (depth_ > 0) refuse("a ( without its )");
    if (!error_.empty()) return failure(std::move(error_));
    return std::move(out_);
  }

 private:
  /// A character or a set of them, as an escape or a member of a class gives it.
  struct Member {
    std::optional<char32_t> point;  ///< none for a set such as \d
    std::string_view set;           ///< in RE2's syntax, for use in a class
  };

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

  void term() {
    const char c = peek();
    switch (c) {
    case '|':
      ++at_;
      out_ += '|';
      return;
    case '(':
      ++at_;
      return open_group();
    case ')':
      if (depth_ == 0) return refuse("a ) without its (");
      ++at_;
      --depth_;
      out_ += ')';
      break;
    case '*':
    case '+':
    case '?':
      return refuse("nothing to repeat");
    case '{':
    case '}':
    case ']':
      return refuse(std::string("write \\") + c + " for a literal " + c);
    case '^':
      ++at_;
      out_ += "\\A";
      break;
    case '$':
      ++at_;
      out_ += "\\z";
      break;
    case '.':
      ++at_;
      out_ += not_line_end;
      break;
    case '[':
      ++at_;
      char_class();
      break;
    default:
      single(take('\\') ? escape(false) : literal());
      break;
    }
    repetition();
  }

  void open_group() {
    if (take('?') && !take(':'))
      return refuse("look-around and named groups are not supported; (?: ) is");
    if (++depth_ > max_depth) return refuse("groups nest too deep");
    out_ += "(?:";
  }

  void repetition() {
    if (!more()) return;
    const std::size_t begin = at_;
    if (take('{')) {
      if (!count()) return;
    } else if (!take('*') && !take('+') && !take('?')) {
      return;
    }
    out_ += source_.substr(begin, at_ - begin);
    take('?');  // lazy or greedy makes no difference to whether the pattern matches
    if (more() && (peek() == '*' || peek() == '+' || peek() == '{')) refuse("nothing to repeat");
  }

  bool count() {
    const auto number = [&]() -> std::optional<std::size_t> {
      if (!more() || !is_digit(peek())) return std::nullopt;
      std::size_t value = 0;
      for (; more() && is_digit(peek()); ++at_)
        value = std::min(value * 10 + static_cast<std::size_t>(peek() - '0'), max_repeat + 1);
      return value;
    };
    const auto least = number();
    auto most = least;
    if (least && take(',')) most = number().value_or(*least);
    if (!least || !take('}') || *most < *least) {
      refuse("a count is {n}, {n,} or {n,m}");
    } else if (*most > max_repeat) {
      refuse("a count is at most " + std::to_string(max_repeat));
    }
    return error_.empty();
  }

  /// A literal code point, or none and an error.
  Member literal() {
    const Utf8Character character = decode_utf8(source_.substr(at_));
    if (character.length == 0) {
      refuse("it is not UTF-8");
      return {};
    }
    at_ += character.length;
    return {character.code_point, {}};
  }

  Member hex_escape(std::size_t digits) {
    const std::string_view text = source_.substr(at_, digits);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const auto read = static_cast<std::size_t>(end - text.data());
    at_ = std::min(at_ + std::min(read + 1, digits), source_.size());
    if (error != std::errc() || read != digits) {
      refuse("a hex escape is too short");
      return {};
    }
    return {value, {}};
  }

  Member escape(bool in_class) {
    if (!more()) {
      refuse("a \\ at the end");
      return {};
    }
    const char c = source_[at_++];
    switch (c) {
    case 'd':
      return {{}, "\\d"};
    case 'D':
      return {{}, "\\D"};
    case 'w':
      return {{}, "\\w"};
    case 'W':
      return {{}, "\\W"};
    case 's':
      return {{}, space};
    case 'S':
      return {{}, not_space};
    case 'n':
      return {U'\n', {}};
    case 'r':
      return {U'\r', {}};
    case 't':
      return {U'\t', {}};
    case 'f':
      return {U'\f', {}};
    case 'v':
      return {U'\v', {}};
    case 'x':
      return hex_escape(2);
    case 'u':
      return hex_escape(4);
    default:
      break;
    }
    if (is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80) {
      refuse(std::string("\\") + c +
             (in_class ? " is not supported in a class" : " is not supported"));
      return {};
    }
    return {static_cast<char32_t>(c), {}};
  }

  void char_class() {
    const bool negated = take('^');
    if (take(']')) {  // an empty class; RE2 would take the ] literally
      out_ += negated ? "[" : "[^";
      out_.append(anything) += ']';
      return;
    }
    out_ += negated ? "[^" : "[";
    while (more() && peek() != ']') {
      const Member from = take('\\') ? escape(true) : literal();
      write(from);
      if (!from.point || at_ + 1 >= source_.size() || peek() != '-' || source_[at_ + 1] == ']')
        continue;
      ++at_;
      const Member to = take('\\') ? escape(true) : literal();
      if (!to.point || *to.point < *from.point)
        return refuse("a range of a class is the wrong way round");
      out_ += '-';
      write(to);
    }
    if (!take(']')) refuse("a [ without its ]");
    out_ += ']';
  }

  void single(const Member& member) {
    if (member.point) return write(member);
    out_ += '[';
    write(member);
    out_ += ']';
  }

  void write(const Member& member) {
    if (!member.point) {
      out_ += member.set;
    } else if (*member.point < 0x80 && is_alphanumeric(static_cast<char>(*member.point))) {
      out_ += static_cast<char>(*member.point);
    } else {
      std::array<char, 8> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(),
                                     static_cast<std::uint32_t>(*member.point), 16);
      out_.append("\\x{").append(digits.data(), end.ptr) += '}';
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string error_, out_;
};

}  // namespace

Result<std::string, std::string> to_re2_syntax(std::string_view pattern) {
  return Translator(pattern).translate();
}

}  // namespace penstock::schema
