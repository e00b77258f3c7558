// SSRF lists where a customer's connection or the network decides: connection fields that name a
// host, and addresses at the moment of connecting.
#include <algorithm>
#include <set>

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <curl/curl.h>
#include <netinet/in.h>

#include "attack_lists.hpp"
#include "corpus.hpp"
#include "sandbox_process.hpp"
#include "socket_watch.hpp"
#include "upstream/address_guard.hpp"
#include "upstream/client.hpp"

namespace penstock::corpora {
namespace {

struct HostField {
  std::string name, tool, api;
  std::vector<std::pair<std::string, std::string>> shapes;  ///< what may stand round a host
  std::vector<std::pair<std::string, std::string>> others;  ///< what else the connection needs
  std::string ending;                                       ///< of the vendor's hosts
};

const std::vector<HostField>& host_fields() {
  static const std::vector<HostField> all = {
      {"domain",
       "workday",
       "custom-report",
       {{"", ""},
        {"", ".workday.com"},
        {"", "/.workday.com"},
        {"wd5.workday.com@", ""},
        {"wd5.workday.com.", ""},
        {"", "#.workday.com"},
        {"", "%00.workday.com"}},
       {{"tenant", "acme"}, {"username", "some user"}, {"password", "a long password"}},
       ".workday.com"},
      {"subdomain",
       "taleo",
       "soap",
       {{"", ""}, {"", "/"}, {"", "#"}, {"", "?"}, {"a@", ""}, {"", "\\"}, {"", "%2f"}},
       {{"username", "some user"}, {"password", "a long password"}},
       ".taleo.net"},
      {"hire_base_url",
       "hibob",
       "hire",
       {{"", ""},
        {"https://", ""},
        {"https://", "/.hibob.com"},
        {"https://", ".hibob.com"},
        {"https://acme.hibob.com@", ""},
        {"https://acme.hibob.com:80@", "/"},
        {"https://", "#acme.hibob.com"}},
       {{"hire_service_user_id", "some user"}, {"hire_token", "a long token"}},
       ".hibob.com"},
  };
  return all;
}

/// The same value in as many integrations as there are ways to write it.
Config with_field(const testing::SandboxProcess& sandbox, const HostField& field,
                  const std::vector<std::string>& values) {
  Config config = sandbox.config();
  config.integrations.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    IntegrationConfig integration;
    integration.id = field.tool + ":" + std::to_string(i);
    integration.tool = field.tool;
    const Mark at{static_cast<int>(i) + 1, 1};
    integration.at = integration.id_at = integration.tool_at = integration.connection_at = at;
    for (const auto& [name, value] : field.others)
      integration.connection.push_back({name, Secret(value), at});
    integration.connection.push_back({field.name, Secret(values[i]), at});
    config.integrations.push_back(std::move(integration));
  }
  return config;
}

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("//") + 2;
  return url.substr(start, url.find_first_of("/?", start) - start);
}

TEST(SsrfHost, AsConnectionFieldIsRefusedOrTheVendorsOwn) {
  const testing::SandboxProcess sandbox;
  std::vector<std::string> hosts = ssrf_hosts();
  std::ranges::move(ssrf_urls(), std::back_inserter(hosts));
  for (const HostField& field : host_fields()) {
    SCOPED_TRACE(field.name);
    Tally tally("SSRF hosts and URLs as " + field.name + ", each in " +
                std::to_string(field.shapes.size()) + " shapes");
    std::vector<std::string> values;
    for (const std::string& host : hosts) {
      for (const auto& [before, after] : field.shapes)
        values.push_back(before + host + after);
    }
    const auto refused = Engine::open(with_field(sandbox, field, values), {.threads = 1});
    ASSERT_FALSE(refused);
    std::set<int> bad;
    for (const ConfigProblem& problem : refused.error())
      bad.insert(problem.at.line);
    std::vector<std::string> good;
    for (std::size_t i = 0; i < values.size(); ++i) {
      tally.ran();
      const bool taken = !bad.contains(static_cast<int>(i) + 1);
      taken ? tally.accepted() : tally.refused();
      if (taken) good.push_back(values[i]);
    }
    const auto engine = Engine::open(with_field(sandbox, field, good), {.threads = 1});
    ASSERT_TRUE(engine);
    for (std::size_t i = 0; i < good.size(); ++i) {
      SCOPED_TRACE(good[i]);
      Call call;
      call.tool = field.tool;
      call.api = field.api;
      call.integration_id = field.tool + ":" + std::to_string(i);
      call.method = field.tool == "taleo" ? "POST" : "GET";
      if (field.tool == "taleo") call.body = "<a xmlns=\"urn:a\"/>";
      const auto preview = (*engine)->validate(call);
      ASSERT_TRUE(preview) << preview.error().message;
      const std::string host = host_of(preview->url);
      EXPECT_TRUE(preview->url.starts_with("https://"));
      EXPECT_TRUE(host.ends_with(field.ending)) << preview->url;
      EXPECT_EQ(host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), host.npos);
    }
  }
}

/// The address that a URL's host is, in the parser of the library that connects; none for a name.
std::optional<sockaddr_storage> numeric_address(const std::string& host) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  char* text = nullptr;
  if (curl_url_set(url.get(), CURLUPART_URL, ("https://" + host + "/").c_str(), 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_HOST, &text, 0) != CURLUE_OK)
    return std::nullopt;
  std::string number = text;
  curl_free(text);
  sockaddr_storage out{};
  sockaddr_in in{};
  sockaddr_in6 in6{};
  in.sin_family = AF_INET;
  in6.sin6_family = AF_INET6;
  std::erase_if(number, [](char c) { return c == '[' || c == ']'; });
  if (::inet_pton(AF_INET, number.c_str(), &in.sin_addr) == 1) {
    std::memcpy(&out, &in, sizeof in);
  } else if (::inet_pton(AF_INET6, number.c_str(), &in6.sin6_addr) == 1) {
    std::memcpy(&out, &in6, sizeof in6);
  } else {
    return std::nullopt;
  }
  return out;
}

TEST(SsrfHost, AsANumberIsNotPublic) {
  Tally tally("numeric SSRF hosts before the address guard");
  std::set<std::string> open;
  for (const std::string& host : ssrf_hosts()) {
    const auto address = numeric_address(host);
    if (!address) continue;
    tally.ran();
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
    if (upstream::is_public_address(generic)) {
      tally.accepted();
      open.insert(upstream::address_text(generic));
    } else {
      tally.refused();
    }
  }
  std::set<std::string> expected;
  if (has_public_lists()) expected = {"1.1.1.1", "1.2.3.4", "2.2.2.2", "3.3.3.3", "59.154.201.255"};
  EXPECT_EQ(open, expected);
  EXPECT_GT(tally["refused"], 30);
}

TEST(SsrfHost, IsNotConnectedTo) {
  Tally tally("SSRF hosts that are numbers or this machine, given to the upstream client");
  boost::asio::io_context loop;
  upstream::Client client(loop);
  places_reached();
  std::vector<std::string> hosts = ssrf_hosts();
  std::erase_if(hosts, [](const std::string& host) {
    const auto address = numeric_address(host);
    // No name but this one: a test asks no name server.
    return address ? upstream::is_public_address(reinterpret_cast<const sockaddr*>(&*address))
                   : host != "localhost";
  });
  for (const std::string& host : hosts) {
    SCOPED_TRACE(host);
    tally.ran();
    const Stopwatch watch(host, 0);
    upstream::Request request;
    request.to.host = host;
    request.to.partition = "corpora";
    request.method = "GET";
    request.target = "/";
    request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::optional<Result<upstream::Response>> result;
    client.send(std::move(request), [&](Result<upstream::Response> response) {
      result = std::move(response);
      loop.stop();
    });
    loop.restart();
    loop.run();
    ASSERT_TRUE(result);
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().sent, Sent::no);
    tally.refused();
  }
  for (const std::string& place : places_reached())
    EXPECT_EQ(place, "DNS localhost");
  EXPECT_GT(tally["refused"], 30);
}

}  // namespace
}  // namespace penstock::corpora
