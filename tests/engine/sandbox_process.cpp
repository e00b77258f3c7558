#include "sandbox_process.hpp"

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <boost/asio/use_future.hpp>
#include <curl/curl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock::testing {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos)
    throw std::runtime_error("integrations.yaml no longer holds " + from);
  return text.replace(at, from.size(), to);
}

}  // namespace

SandboxProcess::SandboxProcess(const std::vector<std::string>& more_arguments) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "penstock-engine-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  std::vector<std::string> arguments = {PENSTOCK_BINARY_DIR "/bin/penstock-sandbox", "--listen",
                                        "127.0.0.1:0", "--ca-file", (folder_ / "ca.pem").string()};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  int out[2];
  if (::pipe(out) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when a test ends the process
    ::dup2(out[1], STDOUT_FILENO);
    ::close(out[0]);
    std::vector<char*> raw;
    for (std::string& argument : arguments)
      raw.push_back(argument.data());
    raw.push_back(nullptr);
    ::execv(raw[0], raw.data());
    ::_exit(127);
  }
  ::close(out[1]);
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';)
    line += c;
  ::close(out[0]);
  const std::size_t at = line.find("127.0.0.1:");
  if (at == std::string::npos) throw std::runtime_error("the sandbox did not start: " + line);
  address_ = line.substr(at, line.find(' ', at) - at);
}

SandboxProcess::~SandboxProcess() {
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  std::filesystem::remove_all(folder_);
}

std::string SandboxProcess::yaml(const std::string& more) const {
  std::ostringstream text;
  text << std::ifstream(PENSTOCK_SOURCE_DIR "/integrations.yaml").rdbuf();
  std::string yaml = replaced(text.str(), "build/release/plugins", PENSTOCK_BINARY_DIR "/plugins");
  yaml = replaced(yaml, "127.0.0.1:9443", address_);
  yaml = replaced(yaml, "build/sandbox/ca.pem", (folder_ / "ca.pem").string());
  yaml = replaced(yaml, "build/state", (folder_ / "state").string());
  return yaml + more;
}

Config SandboxProcess::config(const std::string& more) const {
  auto config = parse_config(yaml(more), "integrations.yaml", folder_);
  if (!config) throw std::runtime_error(config.error().front().text());
  return *std::move(config);
}

std::unique_ptr<Engine> SandboxProcess::engine(const std::string& more, int threads) const {
  EngineOptions options;
  options.threads = threads;
  auto engine = Engine::open(config(more), options);
  if (!engine) throw std::runtime_error(engine.error().front().text());
  return *std::move(engine);
}

std::string SandboxProcess::talk(const std::string& path, const std::string* body) const {
  CURL* easy = curl_easy_init();
  std::string answer;
  const std::size_t colon = address_.rfind(':');
  const std::string to =
      "sandbox.penstock.test:443:" + address_.substr(0, colon) + ":" + address_.substr(colon + 1);
  curl_slist* connect_to = curl_slist_append(nullptr, to.c_str());
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  curl_easy_setopt(easy, CURLOPT_URL, ("https://sandbox.penstock.test" + path).c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
  curl_easy_setopt(easy, CURLOPT_CAINFO, (folder_ / "ca.pem").c_str());
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (body != nullptr) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->c_str());
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION,
      +[](char* bytes, std::size_t size, std::size_t count, void* into) {
        static_cast<std::string*>(into)->append(bytes, size * count);
        return size * count;
      });
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(easy);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(connect_to);
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  if (code != CURLE_OK || status != 200) {
    throw std::runtime_error(path + ": " + curl_easy_strerror(code) + " " + std::to_string(status) +
                             " " + answer);
  }
  return answer;
}

void SandboxProcess::control(const std::string& json) const { talk("/control", &json); }

std::string SandboxProcess::ledger() const { return talk("/ledger", nullptr); }

Result<Response> call(Engine& engine, Call call) {
  return engine.async_call(std::move(call), boost::asio::use_future).get();
}

}  // namespace penstock::testing
