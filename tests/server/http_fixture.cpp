#include "http_fixture.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <penstock/text.hpp>

namespace penstock::server {

namespace asio = boost::asio;

void FakeEngine::answer(const Call& call, const std::function<void(Result<Response>)>& handler) {
  if (call.path == "/fail")
    return handler(failure(vendor_unreachable("refused", Phase::connect, Sent::no)));
  if (call.path == "/crowded")
    return handler(failure(concurrency_exceeded("no place", std::chrono::seconds(1))));
  Response answer;
  answer.url = "https://vendor.example" + call.path;
  answer.status = 200;
  answer.headers = {{"content-type", "text/plain"}};
  answer.body =
      call.tool + "/" + call.api + " " + call.integration_id + " " + call.body.value_or("-");
  if (call.path == "/large") answer.body.assign(std::size_t{16} << 20U, 'x');
  answer.vendor = std::chrono::microseconds(1500);
  answer.plugin = "fake 1.0.0";
  if (call.respect_rate_limit) answer.warnings = {"respects the rate limit"};
  handler(std::move(answer));
}

void FakeEngine::start(Call call, std::function<void(Result<Response>)> handler) {
  if (!holding_) return answer(call, handler);
  const std::lock_guard lock(mutex_);
  held_.emplace_back(std::move(call), std::move(handler));
  changed_.notify_all();
}

namespace {

/// Gives back what comes, piece by piece.
void echo(const std::shared_ptr<ProxyPeer>& peer) {
  peer->read([peer](std::optional<std::string> piece) {
    if (!piece) return peer->finish(failure(input_invalid("the body was cut off")));
    if (piece->empty()) return peer->finish(ProxyEnd{{{"x-check", "42"}}, {}});
    peer->write(*std::move(piece), [peer](bool more) {
      if (more) return echo(peer);
      peer->finish(failure(input_invalid("the client disconnected")));
    });
  });
}

void play_piece(const std::shared_ptr<ProxyPeer>& peer,
                const std::shared_ptr<const FakeEngine::Script>& script, std::size_t number,
                std::atomic<std::size_t>& taken) {
  if (number == script->pieces.size()) {
    if (script->breaks_off) return peer->finish(failure(input_invalid("the vendor hung up")));
    return peer->finish(ProxyEnd{script->trailers, {}});
  }
  const bool again = script->endless && number + 1 == script->pieces.size();
  peer->write(script->pieces[number],
              [peer, script, next = again ? number : number + 1, &taken](bool more) {
                if (!more) return peer->finish(failure(input_invalid("the client disconnected")));
                ++taken;
                play_piece(peer, script, next, taken);
              });
}

Response interim(Headers headers) {
  Response out;
  out.status = 103;
  out.reason = "Hints, early";
  out.headers = std::move(headers);
  return out;
}

void play_script(const std::shared_ptr<ProxyPeer>& peer,
                 const std::shared_ptr<const FakeEngine::Script>& script,
                 std::atomic<std::size_t>& taken) {
  if (!script->interim.empty()) peer->interim(interim(script->interim));
  Response head;
  head.status = script->status;
  head.headers = script->headers;
  peer->head(std::move(head));
  play_piece(peer, script, 0, taken);
}

}  // namespace

void FakeEngine::proxy(ProxyCall call, std::shared_ptr<ProxyPeer> peer) {
  if (script_) return play_script(peer, script_, pieces_taken);
  if (call.call.api == "refused") return peer->finish(failure(input_invalid("refused")));
  peer->interim(interim({{"link", "</a>"}}));
  Response head;
  head.status = 201;
  head.headers = {{"x-asked", call.call.method + " " + call.call.path + " " +
                                  call.call.api_options + " " + call.call.integration_id}};
  for (const Field& field : call.call.headers)
    head.headers.add("x-got-" + field.name, field.value);
  if (call.call.api == "forger") head.headers.add("penstock-answer", "engine");
  peer->head(std::move(head));
  if (call.call.api == "cut") return peer->finish(failure(input_invalid("the vendor hung up")));
  if (call.has_body) return echo(peer);
  peer->finish(ProxyEnd{});
}

void FakeEngine::wait_for_calls(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return held_.size() >= count; });
}

bool FakeEngine::client_disconnected(std::size_t number) {
  const std::lock_guard lock(mutex_);
  const auto& flag = held_.at(number).first.client_disconnected;
  return flag && *flag;
}

void FakeEngine::release() {
  holding_ = false;
  answer_held();
}

void FakeEngine::answer_held() {
  std::vector<std::pair<Call, std::function<void(Result<Response>)>>> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (const auto& [call, handler] : held)
    answer(call, handler);
}

void FakeEngine::verify(const std::string& integration_id,
                        std::function<void(Result<std::vector<ProbeResult>>)> handler) {
  if (integration_id != "hibob:acme")
    return handler(failure(integration_not_found("there is no integration of that id")));
  handler(std::vector<ProbeResult>{{"hibob/v1", true, "works: the vendor returns HTTP 200", 200},
                                   {"hibob/hire", false, "no route to \"there\"", 0}});
}

Result<Preview> FakeEngine::validate(const Call& call) const {
  if (call.api == "headers") {
    return failure(input_invalid({{"/headers/X", "follows from X"},
                                  {"/headers/X/0", "follows from X"},
                                  {"/headers/X-Forwarded-For", "follows from nothing"}}));
  }
  if (call.api != "v1")
    return failure(input_invalid({{"/api", "is unknown"}, {"/path", "begins with no /"}}));
  return Preview{call.method,
                 "https://vendor.example" + call.path,
                 {{"authorization", "***"}},
                 call.body.value_or(""),
                 {}};
}

void FakeEngine::validate_with_session(Call call, std::function<void(Result<Preview>)> handler) {
  auto preview = validate(call);
  if (preview) {
    preview->session = Preview::Session::had;
    preview->session_expires_ms = 1'789'996'400'000;
  }
  handler(std::move(preview));
}

std::vector<ApiInfo> FakeEngine::catalog() const {
  ApiInfo api{"hibob",
              "v1",
              "HiBob",
              "https://apidocs.hibob.com",
              {"https://api.hibob.com/v1"},
              {"GET", "POST", "PUT", "PATCH", "DELETE"}};
  api.connection_schema = R"({"type":"object"})";
  api.examples = {{"People", "POST", "/people/search", "", R"({"a":1})", {{"limit", "5"}}}};
  api.plugin = "hibob 1.0.0";
  api.owned_headers = {"authorization"};
  ApiInfo soap{
      "hibob", "soap", "A SOAP one", "https://docs.example/soap", {"https://api.hibob.com/soap"},
      {"POST"}};
  soap.soap = true;
  return {api, soap};
}

std::vector<IntegrationInfo> FakeEngine::integrations() const {
  IntegrationInfo well{"hibob:well", "hibob", true, {"hibob/v1"}, "ok"};
  IntegrationInfo refused{"hibob:acme", "hibob", true, {"hibob/v1"}, "refused"};
  refused.last_error = "the vendor \"said\" no";
  refused.last_error_ms = 1'789'999'999'999;
  refused.cooling_down_until_ms = 1'790'000'000'000;
  return {well, refused};
}

std::string Received::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos && equal_ignoring_case(line.substr(0, colon), name)) {
      return std::string(line.substr(colon + 2));
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return {};
}

TestClient::TestClient(int port, int receive_buffer) : socket_(context_, asio::ip::tcp::v4()) {
  if (receive_buffer > 0)
    socket_.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
  socket_.connect({asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
}

void TestClient::send(std::string_view bytes) {
  boost::system::error_code ignored;  // A server that refuses may be quicker.
  asio::write(socket_, asio::buffer(bytes), ignored);
}

void TestClient::finish_sending() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void TestClient::reset() {
  socket_.set_option(asio::socket_base::linger(true, 0));
  socket_.close();
}

Received TestClient::receive(bool head_only) {
  Received out;
  const auto more = [&] {
    std::array<char, 4096> chunk{};
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(chunk), error);
    input_.append(chunk.data(), size);
    return !error;
  };
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) {
      out.closed = true;
      return out;
    }
  }
  out.head = input_.substr(0, end);
  input_.erase(0, end + 4);
  out.status = std::stoi(out.head.substr(9, 3));
  const std::string length = out.header("content-length");
  const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
  while (input_.size() < size) {
    if (!more()) {
      out.closed = true;
      return out;
    }
  }
  out.body = input_.substr(0, size);
  input_.erase(0, size);
  return out;
}

std::string TestClient::read_some() {
  if (!input_.empty()) return std::exchange(input_, {});
  std::array<char, 4096> chunk{};
  boost::system::error_code error;
  return {chunk.data(), socket_.read_some(asio::buffer(chunk), error)};
}

std::string TestClient::read_until(std::string_view end) {
  std::string out;
  while (out.find(end) == std::string::npos) {
    const std::string more = read_some();
    if (more.empty()) return out;
    out += more;
  }
  input_ = out.substr(out.find(end) + end.size());
  out.resize(out.size() - input_.size());
  return out;
}

bool TestClient::closed_by_server() {
  if (!input_.empty()) return false;
  std::array<char, 1> byte{};
  boost::system::error_code error;
  socket_.read_some(asio::buffer(byte), error);
  return error == asio::error::eof || error == asio::error::connection_reset;
}

bool TestClient::reset_by_server() {
  std::array<char, 4096> chunk{};
  boost::system::error_code error;
  while (!error)
    socket_.read_some(asio::buffer(chunk), error);
  return error == asio::error::connection_reset;
}

ServerConfig RunningServer::default_config() {
  ServerConfig config;
  config.listen = "127.0.0.1:0";
  config.environment_id = "test \"one\"";
  config.api_keys = {{"local", Secret("key"), "", 0}};
  config.max_request_bytes = 100'000;
  return config;
}

RunningServer::RunningServer(ServerConfig config, HttpLimits limits) {
  api_ = std::make_unique<ApiHandler>(
      engine, config, *AllowedNetworks::parse(config.allowed_networks), [this](std::string line) {
        const std::lock_guard lock(log_mutex_);
        log_lines_.push_back(std::move(line));
        logged_.notify_all();
      });
  auto opened = HttpServer::open({&loop_}, config.listen, *api_, limits);
  if (!opened) throw std::runtime_error(opened.error());
  http_ = std::move(*opened);
  thread_ = std::thread([this] { loop_.run(); });
}

RunningServer::~RunningServer() {
  loop_.stop();
  thread_.join();
}

void RunningServer::wait_for_log_lines(std::size_t count) {
  std::unique_lock lock(log_mutex_);
  logged_.wait(lock, [&] { return log_lines_.size() >= count; });
}

void RunningServer::forget_log_lines() {
  const std::lock_guard lock(log_mutex_);
  std::vector<std::string>().swap(log_lines_);
}

std::vector<std::string> RunningServer::log_lines() {
  const std::lock_guard lock(log_mutex_);
  return log_lines_;
}

std::string post(std::string_view target, std::string_view body, std::string_view more_headers) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\nX-Integration-Id: "
         "hibob:acme\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + std::string(more_headers) + "\r\n" +
         std::string(body);
}

std::string get(std::string_view target, std::string_view more_headers) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n" +
         std::string(more_headers) + "\r\n";
}

}  // namespace penstock::server
