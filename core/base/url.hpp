#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock {

/// A URL taken apart by libcurl's parser, the one that also connects: what is checked is what is
/// used.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< lower case, without brackets' meaning changed; no trailing dot
  std::uint16_t port = 0;
  std::string path;   ///< as written, "/" if absent
  std::string query;  ///< as written, without "?"
  bool has_query = false;

  /// "https://host" or "https://host:8443"
  std::string origin() const;
  std::string text() const;
};

/// Parses an absolute https URL. Refused: another scheme, user or password, a fragment, control
/// characters, spaces, non-ASCII bytes. The error is a sentence without the URL's own text.
Result<Url, std::string> parse_url(std::string_view text);

/// The origins that a plugin may talk to: "https://api.hibob.com", "https://*.workday.com" (one or
/// more labels).
class Egress {
 public:
  static Result<Egress, std::string> parse(const std::vector<std::string>& patterns);

  bool permits(const Url& url) const;
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  struct Origin {
    std::string host;  ///< of a wildcard: what follows "*."
    std::uint16_t port = 443;
    bool wildcard = false;
  };
  std::vector<std::string> patterns_;
  std::vector<Origin> origins_;
};

}  // namespace penstock
