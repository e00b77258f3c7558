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
/// Standard alphabet, padding needed; nothing for anything else.
std::optional<std::string> from_base64(std::string_view text);
/// URL alphabet, no padding; nothing for anything else.
std::optional<std::string> from_base64url(std::string_view text);
std::string hex(std::string_view bytes);
std::string sha256(std::string_view bytes);

/// Decodes %XX; nothing if a % is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);
/// application/x-www-form-urlencoded, in order; nothing if malformed.
std::optional<Fields> form_fields(std::string_view text);
/// The only field of that name; nothing if it is absent or repeated.
std::optional<std::string> only(const Fields& fields, std::string_view name);
/// The first field of that name, or `otherwise`.
std::string value_or(const Fields& fields, std::string_view name, std::string_view otherwise);

/// An origin-form request target: path segments decoded one by one, query fields decoded.
struct Target {
  std::vector<std::string> segments;
  Fields query;
};
std::optional<Target> parse_target(std::string_view target);

/// The segments that stand where `pattern` has {}, or nothing if the path is another one.
std::optional<std::vector<std::string>> match(const Target& target, std::string_view pattern);

/// `Authorization` by its parts: scheme in lower case, the rest as it is.
struct Authorization {
  std::string scheme;
  std::string credentials;
};
std::optional<Authorization> parse_authorization(std::string_view value);

/// user:password of base64 credentials, split at the first colon.
std::optional<std::pair<std::string, std::string>> user_and_password(std::string_view credentials);
/// The pair of a Basic Authorization header; nothing for anything else.
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view value);

/// A media type without parameters in lower case, and its parameters (names lower case, unquoted).
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
/// Nothing if the body does not follow its boundary to the closing one.
std::optional<std::vector<FormPart>> form_parts(std::string_view content_type,
                                                std::string_view body);

}  // namespace penstock::sandbox
