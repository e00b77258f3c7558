#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::sandbox {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string lower(std::string_view text);
std::string_view trimmed(std::string_view text);

std::string base64(std::string_view bytes);
/// Standard alphabet, padding required; nullopt for anything else.
std::optional<std::string> from_base64(std::string_view text);
/// URL alphabet, no padding; nullopt for anything else.
std::optional<std::string> from_base64url(std::string_view text);
std::string hex(std::string_view bytes);
std::string sha256(std::string_view bytes);

/// Decodes %XX; nullopt if a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);
/// Parses application/x-www-form-urlencoded, in order; nullopt if malformed.
std::optional<Fields> form_fields(std::string_view text);
/// The only field of that name; nullopt if it is absent or repeated.
std::optional<std::string> only(const Fields& fields, std::string_view name);
/// The first field of that name, or `otherwise`.
std::string value_or(const Fields& fields, std::string_view name, std::string_view otherwise);

/// An origin-form request target: path segments decoded individually, query fields decoded.
struct Target {
  std::vector<std::string> segments;
  Fields query;
};
std::optional<Target> parse_target(std::string_view target);

/// The segments at the {} of `pattern`; nullopt if the path does not match.
std::optional<std::vector<std::string>> match(const Target& target, std::string_view pattern);

/// The parts of `Authorization`: scheme in lower case, the rest unchanged.
struct Authorization {
  std::string scheme;
  std::string credentials;
};
std::optional<Authorization> parse_authorization(std::string_view value);

/// Decodes base64 credentials to user and password, split at the first colon.
std::optional<std::pair<std::string, std::string>> user_and_password(std::string_view credentials);
/// User and password of a Basic Authorization header; nullopt for anything else.
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view value);

/// A media type in lower case without parameters, and its parameters (names in lower case,
/// unquoted).
struct MediaType {
  std::string type;
  Fields parameters;
};
MediaType parse_media_type(std::string_view value);

/// One part of a multipart/form-data body.
struct FormPart {
  std::string name;
  std::optional<std::string> file_name;
  std::string content_type;
  std::string data;
};
/// Nullopt if the body does not follow its boundary to the closing one.
std::optional<std::vector<FormPart>> form_parts(std::string_view content_type,
                                                std::string_view body);

}  // namespace penstock::sandbox
