// Where a call goes: no path leaves the base URL, as libcurl reads the result.
#include <array>
#include <memory>

#include <curl/curl.h>
#include <penstock/text.hpp>

#include "base/url.hpp"
#include "fuzz.hpp"
#include "policy/request_path.hpp"

namespace penstock::fuzz {
namespace {

using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

/// libcurl's own reading, without what parse_url() adds to it.
CurlUrl read(const std::string& text, unsigned flags) {
  CurlUrl url(curl_url(), curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) url.reset();
  return url;
}

std::string part(const CurlUrl& url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url.get(), what, &text, what == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) !=
      CURLUE_OK)
    return {};
  std::string out(text);
  curl_free(text);
  return out;
}

void same_place(const CurlUrl& url, const Url& base, const std::string& text) {
  require(url != nullptr, "libcurl reads the URL", text);
  require(part(url, CURLUPART_SCHEME) == "https" && part(url, CURLUPART_HOST) == base.host &&
              part(url, CURLUPART_PORT) == std::to_string(base.port),
          "scheme, host and port stay the base's", text);
  for (const CURLUPart none : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT})
    require(part(url, none).empty(), "no user, password or fragment appears", text);
}

std::string without_edge_slash(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  return path;
}

/// Decoded once more, and once more, as a vendor might: still under the base.
void stays_under_base(const std::string& caller_path) {
  std::string decoded = caller_path;
  for (int round = 0; round < 3; ++round) {
    for (char& c : decoded)
      c = c == '\\' ? '/' : c;
    const CurlUrl url = read("https://h/base/dir" + decoded, 0);
    if (url) {
      require(part(url, CURLUPART_PATH).starts_with("/base/dir"),
              "no encoding climbs out of the base path", caller_path);
    }
    decoded = percent_decode(decoded);
  }
}

void check_join(const Url& base, const policy::CallerPath& path, const Field& parameter) {
  const Url joined = policy::join(base, path, {parameter});
  const std::string text = joined.text();
  const CurlUrl url = read(text, CURLU_PATH_AS_IS);
  same_place(url, base, text);
  require(part(url, CURLUPART_PATH) == joined.path && part(url, CURLUPART_QUERY) == joined.query,
          "path and query are sent as they were written", text);
  require(joined.path.starts_with(without_edge_slash(base.path)), "the path is under the base's",
          text);
  require(joined.path.ends_with(path.path) && text.find(path.query) != std::string::npos,
          "the caller's path and query are there as written", text);
  const std::string written =
      percent_encode(parameter.name) + "=" + percent_encode(parameter.value);
  require(joined.query.ends_with(written), "the parameter is the last of the query", text);
  if (!base.path.empty() && base.path.find("/.") == std::string::npos &&
      base.path.find("%2") == std::string::npos) {
    const CurlUrl folded = read(text, 0);
    same_place(folded, base, text);
    require(part(folded, CURLUPART_PATH).starts_with(without_edge_slash(base.path)),
            "the path is under the base's for one who folds dot segments", text);
  }
  stays_under_base(path.path);
}

void check_parsed(std::string_view input, const Url& url) {
  const auto again = parse_url(url.text());
  require(again.has_value() && again->text() == url.text() && again->host == url.host &&
              again->port == url.port,
          "a parsed URL is read the same again", url.text());
  const CurlUrl raw = read(std::string(input), CURLU_PATH_AS_IS);
  require(raw && lower(part(raw, CURLUPART_HOST)).starts_with(url.host),
          "the host is the one that libcurl connects to", input);
}

/// Whatever the path, with "/..%C0%AF" and its kin behind it it is refused.
void check_overlong(std::string_view path) {
  for (const char* way_out :
       {"/..%c0%af", "/%c0%ae%C0%AE/", "/..%e0%80%af", "/%25c0%25ae./", "/..%ef%bc%8f"})
    require(!policy::check_path(std::string(path.substr(0, path.find('?'))) + way_out),
            "a dot segment in overlong or full-width form is refused", path);
}

void check_percent(std::string_view bytes) {
  const std::string encoded = percent_encode(bytes);
  require(percent_decode(encoded) == bytes, "percent-encoding is undone by decoding", bytes);
  require(encoded.find_first_of("/?#@:&=+ \r\n\\") == std::string::npos,
          "an encoded component has no delimiter", encoded);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  fuzz::Input input(data, size);
  const std::string_view base = input.text(), path = input.text();
  const Field parameter{std::string(input.text()), std::string(input.rest())};
  fuzz::check_percent(parameter.value);
  fuzz::check_overlong(path);
  const auto given = parse_url(base);
  if (given) fuzz::check_parsed(base, *given);
  const auto checked = policy::check_path(path);
  if (!checked) {
    fuzz::require(!checked.error().empty(), "a refusal says why");
    return 0;
  }
  static const std::array<Url, 3> bases = {
      *parse_url("https://api.example.com/"), *parse_url("https://wd5.example.com:8443/ccx/api/v1"),
      *parse_url("https://a.example.net/smartorg/soap?ServiceName=FindService")};
  for (const Url& one : bases)
    fuzz::check_join(one, *checked, parameter);
  if (given) fuzz::check_join(*given, *checked, parameter);
  return 0;
}
