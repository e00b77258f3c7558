#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

#include "base/url.hpp"

namespace penstock::catalog {

/// A manifest's base_url: literal text with {conn.field}, {+conn.field}, {opt.name} and
/// {opt.name|v}, or {session.item} alone; see docs/manifest.md. Values are percent-encoded as
/// components, so a value cannot change another part of the URL.
class UrlTemplate {
 public:
  enum class Source : std::uint8_t { connection, option, session };

  struct Placeholder {
    Source source = Source::connection;
    std::string name;
    bool keeps_slashes = false;
    bool leading_v = false;
  };

  /// The error is a sentence for the manifest's author.
  static Result<UrlTemplate, std::string> parse(std::string_view text);

  /// The value of a placeholder; none if the connection, the options or the session have none.
  using Lookup = std::function<std::optional<std::string_view>(Source, std::string_view)>;

  /// The URL with every placeholder replaced. The error names the missing value, or what is wrong
  /// with the result.
  Result<Url, std::string> expand(const Lookup& lookup) const;

  /// Whether the whole URL is an item of the session, and so only known once there is a session.
  bool of_session() const;

  const std::vector<Placeholder>& placeholders() const { return placeholders_; }
  const std::string& text() const { return text_; }

 private:
  bool is_one_placeholder() const;

  std::string text_;
  /// One more than placeholders_: before, between and after them.
  std::vector<std::string> literals_;
  std::vector<Placeholder> placeholders_;
};

}  // namespace penstock::catalog
