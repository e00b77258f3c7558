#include "schema/pattern.hpp"

#include <cstdint>
#include <memory>
#include <string>

#include <re2/re2.h>

#include "schema/ecma_syntax.hpp"

namespace penstock::schema {
namespace {

constexpr std::int64_t max_memory = 1 << 20;  ///< of the program and of the states made of it

std::string reason(const re2::RE2& expression) {
  switch (expression.error_code()) {
  case re2::RE2::ErrorRepeatSize:
    return "its nested counts multiply to more than " + std::to_string(max_repeat);
  case re2::RE2::ErrorPatternTooLarge:
    return "it is too large";
  default:
    return expression.error();
  }
}

}  // namespace

Result<Pattern, std::string> Pattern::compile(std::string_view pattern) {
  const auto translated = to_re2_syntax(pattern);
  if (!translated) return failure(translated.error());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(max_memory);
  auto expression = std::make_shared<const re2::RE2>(*translated, options);
  if (!expression->ok()) return failure(reason(*expression));
  return Pattern(pattern, std::move(expression));
}

bool Pattern::search(std::string_view utf8) const {
  return expression_->Match(re2::StringPiece(utf8.data(), utf8.size()), 0, utf8.size(),
                            re2::RE2::UNANCHORED, nullptr, 0);
}

}  // namespace penstock::schema
