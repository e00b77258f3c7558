#include "base/url.hpp"

#include <algorithm>
#include <memory>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <penstock/text.hpp>

namespace penstock {
namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

/// No percent signs, brackets or underscores: a host that is compared with an egress list must be
/// unambiguous.
bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.back() != '.' &&
         host.find("..") == std::string_view::npos && std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
         });
}

/// libcurl normalizes "127.1" as an address, but not "127.1." or "12%37.1", which also become
/// "127.1" after parsing. So a host that ends in a number must be an IPv4 address in its plain
/// form.
bool is_odd_address(const std::string& host) {
  const char last = host[host.rfind('.') + 1];
  in_addr address{};
  return last >= '0' && last <= '9' && inet_pton(AF_INET, host.c_str(), &address) != 1;
}

bool has_part(CURLU* url, CURLUPart what) {
  char* text = nullptr;
  const bool found = curl_url_get(url, what, &text, 0) == CURLUE_OK;
  curl_free(text);
  return found;
}

}  // namespace

std::string Url::origin() const {
  return scheme + "://" + host + (port == 443 ? std::string() : ":" + std::to_string(port));
}

std::string Url::text() const { return origin() + target(); }

std::string Url::target() const { return has_query ? path + "?" + query : path; }

void Url::append_query(std::string_view more) {
  if (!query.empty() && !more.empty()) query += '&';
  query += more;
  has_query = true;
}

void Url::add_parameter(std::string_view name, std::string_view value) {
  append_query(percent_encode(name) + "=" + percent_encode(value));
}

Result<Url, std::string> parse_url(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable) return failure(std::string("a URL must contain only printable ASCII characters"));
  if (text.find('\\') != std::string_view::npos)
    return failure(std::string("a URL must not contain a backslash"));

  const std::unique_ptr<CURLU, UrlCleanup> parser(curl_url());
  const std::string terminated(text);
  if (curl_url_set(parser.get(), CURLUPART_URL, terminated.c_str(), CURLU_PATH_AS_IS) !=
      CURLUE_OK) {
    return failure(std::string("it is not an absolute https URL"));
  }
  Url url;
  url.scheme = lower(part(parser.get(), CURLUPART_SCHEME));
  if (url.scheme != "https") return failure(std::string("only https URLs are supported"));
  if (has_part(parser.get(), CURLUPART_USER) || has_part(parser.get(), CURLUPART_PASSWORD)) {
    return failure(std::string("a URL must not contain a user or password"));
  }
  if (has_part(parser.get(), CURLUPART_FRAGMENT))
    return failure(std::string("a URL must not contain a fragment"));
  url.host = lower(part(parser.get(), CURLUPART_HOST));
  if (url.host.ends_with('.')) url.host.pop_back();
  url.port = static_cast<std::uint16_t>(
      std::stoul(part(parser.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)));
  url.path = part(parser.get(), CURLUPART_PATH);
  url.has_query = has_part(parser.get(), CURLUPART_QUERY);
  url.query = part(parser.get(), CURLUPART_QUERY);
  if (!is_host_name(url.host))
    return failure(std::string("a URL needs a host name of letters, digits, dots and hyphens"));
  if (is_odd_address(url.host))
    return failure(std::string("a URL's host that ends in a number must be an IPv4 address"));
  return url;
}

Result<Egress, std::string> Egress::parse(const std::vector<std::string>& patterns) {
  Egress egress;
  egress.patterns_ = patterns;
  for (const std::string& pattern : patterns) {
    std::string plain = pattern;
    Origin origin;
    constexpr std::string_view any = "https://*.";
    if (plain.starts_with(any)) {
      origin.wildcard = true;
      plain.replace(0, any.size(), "https://");
    }
    const auto url = parse_url(plain);
    if (!url) return failure("\"" + pattern + "\": " + url.error());
    if (url->path != "/" || url->has_query)
      return failure("\"" + pattern + "\": an origin has no path");
    if (url->host.find('*') != std::string::npos)
      return failure("\"" + pattern + "\": * is allowed only in place of the first labels");
    if (origin.wildcard && url->host.find('.') == std::string::npos) {
      return failure("\"" + pattern + "\": a wildcard must be followed by a registered domain");
    }
    origin.host = url->host;
    origin.port = url->port;
    egress.origins_.push_back(std::move(origin));
  }
  return egress;
}

bool Egress::permits(const Url& url) const {
  return std::ranges::any_of(origins_, [&](const Origin& origin) {
    if (origin.port != url.port) return false;
    if (!origin.wildcard) return origin.host == url.host;
    return url.host.size() > origin.host.size() + 1 && url.host.ends_with(origin.host) &&
           url.host[url.host.size() - origin.host.size() - 1] == '.';
  });
}

}  // namespace penstock
