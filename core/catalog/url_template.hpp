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
/// components, so none can leave its place.
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

  /// The value of a placeholder; none where the connection or the options have none.
  using Lookup = std::function<std::optional<std::string_view>(Source, std::string_view)>;

  /// The URL with every value in its place. The error names the missing value or what is wrong with
  /// the result.
  Result<Url, std::string> expand(const Lookup& lookup) const;

  /// Whether the whole URL is an item of the session, so that it is known only once there is one.
  bool of_session() const;

  const std::vector<Placeholder>& placeholders() const { return placeholders_; }
  const std::string& text() const { return text_; }

 private:
  bool is_one_placeholder() const;

  std::string text_;
  std::vector<std::string>
      literals_;  ///< one more than placeholders: before, between and behind them
  std::vector<Placeholder> placeholders_;
};

}  // namespace penstock::catalog
