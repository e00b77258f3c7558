#include "catalog/url_template.hpp"

#include <algorithm>
#include <array>

#include <penstock/text.hpp>

namespace penstock::catalog {
namespace {

Result<UrlTemplate::Placeholder, std::string> parse_placeholder(std::string_view inside) {
  UrlTemplate::Placeholder placeholder;
  const std::string shown = "{" + std::string(inside) + "}";
  if (inside.starts_with('+')) {
    placeholder.keeps_slashes = true;
    inside.remove_prefix(1);
  }
  if (inside.ends_with("|v")) {
    placeholder.leading_v = true;
    inside.remove_suffix(2);
  }
  if (inside.starts_with("conn.")) {
    placeholder.source = UrlTemplate::Source::connection;
    inside.remove_prefix(5);
  } else if (inside.starts_with("opt.")) {
    placeholder.source = UrlTemplate::Source::option;
    inside.remove_prefix(4);
  } else if (inside.starts_with("session.")) {
    placeholder.source = UrlTemplate::Source::session;
    inside.remove_prefix(8);
  } else {
    return failure(shown + " must start with conn., opt. or session.");
  }
  const bool named = !inside.empty() && std::ranges::all_of(inside, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!named) return failure(shown + " does not name a field");
  placeholder.name = inside;
  return placeholder;
}

std::string encode(std::string_view value, const UrlTemplate::Placeholder& placeholder) {
  std::string out;
  if (placeholder.leading_v && !value.starts_with('v')) out = "v";
  if (!placeholder.keeps_slashes) return out + percent_encode(value);
  while (true) {
    const std::size_t slash = value.find('/');
    out += percent_encode(value.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    value.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<UrlTemplate, std::string> UrlTemplate::parse(std::string_view text) {
  UrlTemplate parsed;
  parsed.text_ = text;
  parsed.literals_.emplace_back();
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    parsed.literals_.back() += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return failure(std::string("a { is not closed"));
    auto placeholder = parse_placeholder(text.substr(open + 1, close - open - 1));
    if (!placeholder) return failure(std::move(placeholder).error());
    parsed.placeholders_.push_back(*std::move(placeholder));
    parsed.literals_.emplace_back();
    text.remove_prefix(close + 1);
  }
  const bool names_session = std::ranges::any_of(
      parsed.placeholders_, [](const Placeholder& one) { return one.source == Source::session; });
  if (names_session && !parsed.is_one_placeholder())
    return failure(std::string("{session.…} must be the whole base URL"));
  return parsed;
}

bool UrlTemplate::is_one_placeholder() const {
  return placeholders_.size() == 1 && literals_.front().empty() && literals_.back().empty();
}

bool UrlTemplate::of_session() const {
  return !placeholders_.empty() && placeholders_.front().source == Source::session;
}

Result<Url, std::string> UrlTemplate::expand(const Lookup& lookup) const {
  // A single placeholder: the connection or the session provides the whole URL.
  const bool whole = is_one_placeholder();
  std::string out = literals_.front();
  for (std::size_t i = 0; i < placeholders_.size(); ++i) {
    const Placeholder& placeholder = placeholders_[i];
    const auto value = lookup(placeholder.source, placeholder.name);
    constexpr std::array<const char*, 3> owners = {"the connection's ", "api_options.",
                                                   "the session's "};
    const std::string shown =
        owners.at(static_cast<std::size_t>(placeholder.source)) + placeholder.name;
    if (!value) return failure(shown + " is needed for the URL and is not set");
    if (*value == "." || *value == "..") return failure(shown + " is a dot segment");
    out += whole ? std::string(*value) : encode(*value, placeholder);
    out += literals_[i + 1];
  }
  auto url = parse_url(out);
  if (!url) return failure("the base URL built from " + text_ + " is refused: " + url.error());
  return url;
}

}  // namespace penstock::catalog
