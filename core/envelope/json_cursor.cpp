#include "envelope/json_cursor.hpp"

#include <penstock/hex.hpp>
#include <penstock/utf8.hpp>

#include "base/json_scan.hpp"

namespace penstock {
namespace {

using json_scan::plain_run_end;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_high_surrogate(unsigned unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(unsigned unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

bool JsonCursor::fail(std::string_view why) {
  if (error_.empty()) error_ = why;
  return false;
}

JsonCursor::Kind JsonCursor::next() {
  skip_space();
  if (at_ == end_) return Kind::unknown;
  switch (*at_) {
  case '{':
    return Kind::object;
  case '[':
    return Kind::array;
  case '"':
    return Kind::string;
  case 't':
  case 'f':
    return Kind::boolean;
  case 'n':
    return Kind::null;
  default:
    return *at_ == '-' || is_digit(*at_) ? Kind::number : Kind::unknown;
  }
}

bool JsonCursor::enter(char bracket) {
  skip_space();
  if (at_ == end_ || *at_ != bracket)
    return fail(bracket == '{' ? "expected an object" : "expected an array");
  if (!count_value()) return false;
  if (++depth_ > limits_.depth) return fail("nested too deeply");
  ++at_;
  return true;
}

bool JsonCursor::leave_if(char bracket) {
  skip_space();
  if (at_ == end_ || *at_ != bracket) return false;
  ++at_;
  --depth_;
  return true;
}

bool JsonCursor::comma_before(char bracket) {
  if (leave_if(bracket)) return false;
  if (at_ == end_) return fail("the text ends too early");
  if (*at_ != ',') return fail(bracket == '}' ? "expected a comma or }" : "expected a comma or ]");
  ++at_;
  return true;
}

bool JsonCursor::read_name(std::string& out) {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("expected a member's name in double quotes");
  --values_;  // A name does not count as a value.
  if (!read_string(out)) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail("expected a colon");
  ++at_;
  return true;
}

bool JsonCursor::skip_name() {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("expected a member's name in double quotes");
  if (!skip_string()) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail("expected a colon");
  ++at_;
  return true;
}

bool JsonCursor::read_code_unit(unsigned& out) {
  if (end_ - at_ < 4) return fail("\\u needs four hexadecimal digits");
  unsigned unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(at_[i]);
    if (digit < 0) return fail("\\u needs four hexadecimal digits");
    unit = unit * 16 + static_cast<unsigned>(digit);
  }
  at_ += 4;
  out = unit;
  return true;
}

bool JsonCursor::read_string(std::string& out) {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("expected a string");
  if (!count_value()) return false;
  ++at_;
  out.clear();
  for (;;) {
    const char* run_end = plain_run_end(at_, end_);
    out.append(at_, run_end);
    at_ = run_end;
    if (at_ == end_) return fail("a string is not closed");
    if (*at_ == '"') return ++at_, true;
    if (*at_ != '\\') return fail("a control character in a string must be escaped");
    if (++at_ == end_) return fail("a string is not closed");
    const char escape = *at_++;
    switch (escape) {
    case '"':
    case '\\':
    case '/':
      out += escape;
      break;
    case 'b':
      out += '\b';
      break;
    case 'f':
      out += '\f';
      break;
    case 'n':
      out += '\n';
      break;
    case 'r':
      out += '\r';
      break;
    case 't':
      out += '\t';
      break;
    case 'u': {
      unsigned unit = 0;
      if (!read_code_unit(unit)) return false;
      char32_t code_point = unit;
      if (is_high_surrogate(unit)) {
        unsigned low = 0;
        if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u')
          return fail("half of a surrogate pair");
        at_ += 2;
        if (!read_code_unit(low)) return false;
        if (!is_low_surrogate(low)) return fail("half of a surrogate pair");
        code_point = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
      } else if (is_low_surrogate(unit)) {
        return fail("half of a surrogate pair");
      }
      append_utf8(out, code_point);
      break;
    }
    default:
      --at_;
      return fail("an unknown escape in a string");
    }
  }
}

bool JsonCursor::read_boolean(bool& out) {
  skip_space();
  out = at_ < end_ && *at_ == 't';
  return count_value() && skip_literal(out ? "true" : "false");
}

bool JsonCursor::skip_escape() {
  if (++at_ == end_) return fail("a string is not closed");
  const char escape = *at_++;
  unsigned unit = 0;
  if (escape == 'u') return read_code_unit(unit);
  if (std::string_view("\"\\/bfnrt").find(escape) != std::string_view::npos) return true;
  --at_;
  return fail("an unknown escape in a string");
}

bool JsonCursor::skip_string() {
  ++at_;
  for (;;) {
    at_ = plain_run_end(at_, end_);
    if (at_ == end_) return fail("a string is not closed");
    if (*at_ == '"') return ++at_, true;
    if (*at_ != '\\') return fail("a control character in a string must be escaped");
    if (!skip_escape()) return false;
  }
}

bool JsonCursor::skip_number() {
  const auto digits = [this] {
    if (at_ == end_ || !is_digit(*at_)) return fail("a number lacks a digit");
    while (at_ < end_ && is_digit(*at_))
      ++at_;
    return true;
  };
  if (*at_ == '-') ++at_;
  if (at_ < end_ && *at_ == '0') {
    ++at_;
    if (at_ < end_ && is_digit(*at_)) return fail("a number begins with 0");
  } else if (!digits()) {
    return false;
  }
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  return true;
}

bool JsonCursor::skip_literal(std::string_view word) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) {
    return fail("expected a value");
  }
  at_ += word.size();
  return true;
}

bool JsonCursor::skip_scalar() {
  switch (*at_) {
  case '"':
    return skip_string();
  case 't':
    return skip_literal("true");
  case 'f':
    return skip_literal("false");
  case 'n':
    return skip_literal("null");
  default:
    return *at_ == '-' || is_digit(*at_) ? skip_number() : fail("expected a value");
  }
}

bool JsonCursor::skip(std::string_view* slice) {
  std::string open;  // The closing brackets of the enclosing containers, innermost last.
  skip_space();
  const char* start = at_;
  for (;;) {
    skip_space();
    if (at_ == end_) return fail("the text ends too early");
    if (!count_value()) return false;
    if (*at_ == '{' || *at_ == '[') {
      const char bracket = *at_++;
      const char closing = bracket == '{' ? '}' : ']';
      if (depth_ + open.size() + 1 > limits_.depth) return fail("nested too deeply");
      skip_space();
      if (at_ < end_ && *at_ == closing) {
        ++at_;
      } else {
        open += closing;
        if (bracket == '{' && !skip_name()) return false;
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    for (;;) {
      if (open.empty()) {
        if (slice != nullptr) *slice = {start, static_cast<std::size_t>(at_ - start)};
        return true;
      }
      skip_space();
      if (at_ == end_) return fail("the text ends too early");
      if (*at_ == ',') {
        ++at_;
        if (open.back() == '}' && !skip_name()) return false;
        break;
      }
      if (*at_ != open.back())
        return fail(open.back() == '}' ? "expected a comma or }" : "expected a comma or ]");
      ++at_;
      open.pop_back();
    }
  }
}

bool JsonCursor::at_end() {
  skip_space();
  return at_ == end_;
}

bool is_json(std::string_view text) {
  if (find_invalid_utf8(text) != std::string_view::npos) return false;
  JsonCursor cursor(text);
  return cursor.skip() && cursor.at_end();
}

}  // namespace penstock
