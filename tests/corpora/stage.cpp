#include "stage.hpp"

#include <stdexcept>

#include <curl/curl.h>
#include <penstock/text.hpp>
#include <rapidjson/document.h>

namespace penstock::corpora {
namespace {

Seen read_seen(const rapidjson::Value& value) {
  Seen seen{value["method"].GetString(),
            value["target"].GetString(),
            value["host"].GetString(),
            value["sni"].GetString(),
            {},
            {}};
  for (const auto& header : value["headers"].GetArray())
    seen.headers.add(header[0].GetString(),
                     std::string(header[1].GetString(), header[1].GetStringLength()));
  seen.body = base64_decode(value["body_base64"].GetString()).value();
  return seen;
}

struct Credential {
  std::string name;
  std::string text;
};

/// As they are, and as Basic carries them.
const std::vector<Credential>& credentials() {
  static const std::vector<Credential> all = [] {
    std::vector<Credential> out;
    const auto add = [&](const std::string& user, const std::string& secret) {
      out.push_back({secret, secret});
      out.push_back({secret + " in Base64", base64_encode(user + ":" + secret)});
    };
    add("SERVICE-0001", "hibob-sandbox-token");
    add("HIRE-0001", "hire-sandbox-token");
    add("penstock-client", "workday-sandbox-secret");
    add("penstock-client", "workday-sandbox-refresh");
    add("ISU_Penstock", "workday-sandbox-password");
    add("penstock@acme.example", "nmbrs-sandbox-token");
    add("taleo-user", "taleo-sandbox-password");
    add("hroffice-user", "hroffice-sandbox-password");
    return out;
  }();
  return all;
}

}  // namespace

std::string Seen::header(std::string_view name) const {
  std::string out;
  for (const Field& field : headers) {
    if (equal_ignoring_case(field.name, name)) out += (out.empty() ? "" : " | ") + field.value;
  }
  return out;
}

struct Stage::Line {
  Line(const std::string& address, const std::filesystem::path& ca) {
    const std::string to = "sandbox.penstock.test:443:" + address;
    connect_to = curl_slist_append(nullptr, to.c_str());
    curl_easy_setopt(easy, CURLOPT_URL, "https://sandbox.penstock.test/ledger");
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION,
        +[](char* bytes, std::size_t size, std::size_t count, void* into) {
          static_cast<std::string*>(into)->append(bytes, size * count);
          return size * count;
        });
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &text);
  }
  ~Line() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(connect_to);
  }

  const std::string& fetch() {
    text.clear();
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
    return text;
  }

  CURL* easy = curl_easy_init();
  curl_slist* connect_to = nullptr;
  std::string text;
};

Stage::Stage(const std::string& more_integrations)
    : engine_(sandbox.engine(more_integrations)),
      vendor_address_(*engine_->config().upstream.connect_to) {
  // The lists make more calls a minute than the vendors would let pass.
  for (const char* vendor : {"hibob", "workday", "nmbrs", "taleo", "hroffice"})
    sandbox.control(std::string(R"({"vendor":")") + vendor + R"(","rate_limit":100000000})");
  ServerConfig config = engine_->config().server;
  config.listen = "127.0.0.1:0";
  config.api_keys = {{"local", Secret("key"), "", 0}};
  api_ = std::make_unique<server::ApiHandler>(*engine_, config, *server::AllowedNetworks::parse({}),
                                              [this](std::string line) {
                                                const std::lock_guard lock(log_mutex_);
                                                log_.push_back(std::move(line));
                                              });
  std::vector<boost::asio::io_context*> loops;
  for (std::size_t i = 0; i < engine_->loops(); ++i)
    loops.push_back(&engine_->loop(i));
  auto http = server::HttpServer::open(loops, config.listen, *api_, {});
  if (!http) throw std::runtime_error(http.error());
  http_ = *std::move(http);
  line_ = std::make_unique<Line>(vendor_address_, sandbox.folder() / "ca.pem");
}

Stage::~Stage() {
  http_->stop();
  engine_->stop(std::chrono::milliseconds(0));
}

Ledger Stage::ledger() {
  rapidjson::Document document;
  const std::string& text = line_->fetch();
  document.Parse(text.data(), text.size());
  if (document.HasParseError()) throw std::runtime_error("the ledger is not JSON");
  Ledger out;
  for (const auto& [name, vendor] : document.GetObject()) {
    if (!vendor.IsObject()) continue;
    out.calls += vendor["calls"].GetInt();
    out.requests += vendor["calls"].GetInt() + vendor["token_requests"].GetInt();
    if (vendor["last"].IsObject()) out.last[name.GetString()] = read_seen(vendor["last"]);
  }
  return out;
}

std::vector<std::string> Stage::take_log() {
  const std::lock_guard lock(log_mutex_);
  return std::exchange(log_, {});
}

std::string credential_in(std::string_view text, std::string_view own) {
  for (const Credential& one : credentials()) {
    const bool expected = !own.empty() && one.name.starts_with(own);
    if (!expected && text.find(one.text) != std::string_view::npos) return one.name;
  }
  return {};
}

std::string visible(const Result<Response>& result) {
  std::string out;
  const auto add = [&](const std::string& text) { out += text + "\n"; };
  if (result) {
    add(result->url);
    add(result->body);
    add(result->plugin);
    for (const Field& field : result->headers)
      add(field.name + ": " + field.value);
    for (const std::string& warning : result->warnings)
      add(warning);
  } else {
    add(result.error().title);
    add(result.error().message);
    for (const Problem& problem : result.error().details)
      add(problem.pointer + " " + problem.message);
  }
  return out;
}

}  // namespace penstock::corpora
