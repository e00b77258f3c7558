// Requests that others wrote to confuse HTTP servers, as raw bytes before the real listener, in one
// piece and byte by byte, each followed by a marker on the same connection.
#include <algorithm>
#include <regex>
#include <set>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <penstock/text.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "corpus.hpp"
#include "http_cases.hpp"
#include "http_fixture.hpp"

namespace penstock::corpora {
namespace {

const std::string marker_path = "/v1/integrations/corpora-marker";

/// What the server made of a stream of bytes, up to its closing of the connection.
struct Outcome {
  std::vector<int> answers;  ///< statuses; those of requests that are none are negative
  bool marker = false;       ///< the last of them is the marker's
  bool smuggled = false;     ///< a request was seen that stands inside of another
  bool closed = true;        ///< in time
  int served = 0;            ///< requests, but for the marker, that were read to their end

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  for (const int status : outcome.answers)
    *out << status << ' ';
  *out << (outcome.marker ? "marker " : "") << (outcome.smuggled ? "smuggled " : "")
       << (outcome.closed ? "" : "open ") << outcome.served << " served";
}

/// A blocking socket that sends each piece at once and reads to the end.
std::string converse(int port, const std::string& bytes, std::size_t step, bool& closed) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  const timeval patience{5, 0};
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::size_t size = std::min(step, bytes.size() - at);
    if (::send(socket, bytes.data() + at, size, MSG_NOSIGNAL) < 0) break;
  }
  ::shutdown(socket, SHUT_WR);
  std::string out;
  char chunk[4096];
  ssize_t size = 0;
  while ((size = ::recv(socket, chunk, sizeof chunk, 0)) > 0)
    out.append(chunk, static_cast<std::size_t>(size));
  closed = size == 0 || errno == ECONNRESET;
  ::close(socket);
  return out;
}

class RawRequests : public ::testing::Test {
 protected:
  /// `raw`, the marker, and the end of the stream.
  Outcome send(const std::string& raw, std::size_t step) {
    Outcome out;
    const std::size_t logged = server_.log_lines().size();
    const std::string answered =
        converse(server_.http().port(), raw + server::get(marker_path), step, out.closed);
    for (std::size_t at = 0; at < answered.size();) {
      const std::size_t head_end = answered.find("\r\n\r\n", at);
      if (answered.compare(at, 9, "HTTP/1.1 ") != 0 || head_end == std::string::npos) {
        ADD_FAILURE() << "no answer: " << answered.substr(at);
        break;
      }
      const std::string head = answered.substr(at, head_end - at);
      const int status = std::stoi(head.substr(9, 3));
      at = head_end + 4;
      if (status == 100) continue;
      const std::size_t length = head.find("Content-Length: ");
      const std::size_t size = std::stoul(head.substr(length + 16));
      // The answer to a HEAD says a length and has none.
      const bool has_body = answered.compare(at, 1, "{") == 0;
      const std::string body = has_body ? answered.substr(at, size) : std::string();
      at += body.size();
      const bool malformed = body.find("Malformed request") != std::string::npos;
      out.answers.push_back(malformed ? -status : status);
    }
    const std::vector<std::string> log = server_.log_lines();
    for (std::size_t i = logged; i < log.size(); ++i) {
      if (log[i].find(marker_path) != std::string::npos)
        out.marker = true;
      else if (log[i].find("\"event\":\"refused\"") == std::string::npos)
        ++out.served;
    }
    return out;
  }

  server::RunningServer server_;
};

/// The first request led past the door to where its body is read: with a host, a key, a path that
/// is served. As it is where its first line is what the case is about.
std::string prepared(const std::string& raw) {
  static const std::regex first_line("(GET|POST|PUT|PATCH) /[!-~]* HTTP/1[.]1\r\n");
  std::smatch line;
  if (!std::regex_search(raw, line, first_line, std::regex_constants::match_continuous)) return raw;
  const std::string head = lower(raw.substr(0, raw.find("\r\n\r\n")));
  std::string start = line[1] == "GET" ? "GET /v1/check-api-key HTTP/1.1\r\n"
                                       : "POST /v1/passthrough/a/b HTTP/1.1\r\n";
  start += "Authorization: Bearer key\r\n";
  if (head.find("\nhost:") == std::string::npos) start += "Host: x\r\n";
  return start + line.suffix().str();
}

/// Whether the public sets are beside the repository.
bool has_public_sets() {
  const char* const sets[] = {"http1/gunicorn", "http1/llhttp", "http1/rfc9110",
                              "payloads/Request Smuggling"};
  return std::ranges::all_of(
      sets, [](const char* set) { return std::filesystem::exists(testdata(set)); });
}

std::vector<HttpCase> all_cases() {
  std::vector<HttpCase> all = seed_requests();
  if (!has_public_sets()) return all;
  const std::vector<HttpCase> gunicorn = gunicorn_cases();
  all.insert(all.end(), gunicorn.begin(), gunicorn.end());
  for (const auto& more : {llhttp_cases("request"), rfc_requests(), smuggling_cases()})
    all.insert(all.end(), more.begin(), more.end());
  // A limit of gunicorn's own, lower than ours.
  std::erase_if(all, [](const HttpCase& one) { return one.name == "invalid/017"; });
  return all;
}

TEST_F(RawRequests, NeverBecomeMoreRequestsThanAStrictReaderSees) {
  Tally tally(
      "seeds, gunicorn, llhttp, RFC 9110 and smuggling requests, as they are and with a key");
  for (const HttpCase& one : all_cases()) {
    for (const std::string& raw : std::set{one.raw, prepared(one.raw)}) {
      SCOPED_TRACE(one.name + " " + ::testing::PrintToString(raw.substr(0, 500)));
      const Stopwatch watch(one.name, raw.size());
      tally.ran();
      const Outcome whole = send(raw, raw.size() + 1000);
      EXPECT_EQ(send(raw, 1), whole);
      EXPECT_TRUE(whole.closed);
      whole.served > 0 ? tally.accepted() : tally.refused();
      if (whole.marker) tally.note("marker answered");

      // What is begun in good order may be completed by the marker's bytes.
      const int most = one.error.empty() ? static_cast<int>(one.messages.size()) : one.complete();
      EXPECT_LE(whole.served, most) << ::testing::PrintToString(whole);
      EXPECT_LE(static_cast<int>(whole.answers.size()), most + 1);
      EXPECT_FALSE(whole.marker && !one.error.empty());
      EXPECT_FALSE(whole.smuggled);
      for (std::size_t i = 0; i + 1 < whole.answers.size(); ++i)
        EXPECT_GT(whole.answers[i], 0) << "an answer behind a refusal";
    }
  }
  EXPECT_GT(tally["cases"], has_public_sets() ? 600 : 150);
}

/// Valid, and refused here.
const std::vector<std::string> refused_on_purpose = {
    // Trailers.
    "valid/012", "transfer-encoding.md / Trailing headers",
    // Transfer codings other than chunked.
    "valid/009", "valid/025", "valid/025_line", "valid/029", "valid/030",
    "valid/rfc9112_smuggle_gzip_chunked_01", "valid/rfc9112_smuggle_te_identity_chunked_01",
    "transfer-encoding.md / POST with `chunked` as last transfer-encoding",
    "transfer-encoding.md / POST with `chunked` as last transfer-encoding (multiple headers)",
    // A GET with a body, of a path that takes none.
    "valid/rfc9110_body_framing_get_cl_nonzero_01",
    // A body of 1.2 TB; one that breaks off in the corpus.
    "PUT /somewhere/fun HTTP/1.1", "valid/099"};

TEST_F(RawRequests, AreTakenWhereTheyAreOfOurDialect) {
  Tally tally("valid requests with a path for target, HTTP/1.1");
  std::size_t on_purpose = 0;
  for (const HttpCase& one : all_cases()) {
    const std::string raw = prepared(one.raw);
    const bool valid = one.strict && one.error.empty() && one.complete() > 0;
    if (!valid || raw == one.raw) continue;
    SCOPED_TRACE(one.name + " " + ::testing::PrintToString(raw.substr(0, 500)));
    tally.ran();
    const Outcome outcome = send(raw, raw.size() + 1000);
    outcome.served > 0 ? tally.accepted() : tally.refused();
    const bool listed = std::ranges::count(refused_on_purpose, one.name) > 0;
    EXPECT_EQ(outcome.served > 0, !listed) << ::testing::PrintToString(outcome);
    on_purpose += listed ? 1 : 0;
  }
  const auto seeds_taken = std::ranges::count(seed_requests(), std::string(), &HttpCase::error);
  EXPECT_EQ(on_purpose, has_public_sets() ? refused_on_purpose.size() : 0U);
  EXPECT_EQ(tally["accepted"], seeds_taken + (has_public_sets() ? 74 : 0));
}

}  // namespace
}  // namespace penstock::corpora
