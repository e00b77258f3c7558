#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock {

/// A URL split by libcurl's parser, the same one that connects, so what is checked is what is used.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< lower case, no trailing dot
  std::uint16_t port = 0;
  std::string path;   ///< as written, "/" if absent
  std::string query;  ///< as written, without "?"
  bool has_query = false;

  /// "https://host" or "https://host:8443"
  std::string origin() const;
  std::string text() const;
  /// The path and query, as a request line has them.
  std::string target() const;
  /// Appends parameters that are encoded already.
  void append_query(std::string_view more);
  /// Appends one parameter, percent-encoded.
  void add_parameter(std::string_view name, std::string_view value);
};

/// Parses an absolute https URL. Rejects any other scheme, a user or password, a fragment, control
/// characters, spaces, backslashes and non-ASCII bytes. The error is a sentence that does not
/// contain the URL.
Result<Url, std::string> parse_url(std::string_view text);

/// The origins that a plugin may contact: "https://api.hibob.com", "https://*.workday.com" (one or
/// more labels).
class Egress {
 public:
  static Result<Egress, std::string> parse(const std::vector<std::string>& patterns);

  bool permits(const Url& url) const;
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  struct Origin {
    std::string host;  ///< for a wildcard: the part after "*."
    std::uint16_t port = 443;
    bool wildcard = false;
  };
  std::vector<std::string> patterns_;
  std::vector<Origin> origins_;
};

}  // namespace penstock
