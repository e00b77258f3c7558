#include <map>
#include <random>

#include "upstream_tls_server.hpp"

namespace penstock::upstream {
namespace {

constexpr int posts = 10'000;
constexpr int at_once = 8;

/// A vendor that ends warm connections at any moment: while nothing is under way, at any byte of
/// the request, after it, and at any byte of its answer, by reset or in good order.
class MoodyVendor {
 public:
  explicit MoodyVendor(unsigned seed) : seed_(seed) {}

  Script script() {
    return [this](TlsStream& stream) { serve(stream); };
  }

  /// How often the vendor saw the head of a POST, and the whole of it.
  std::map<std::string, int> heads, wholes;
  int answered = 0, idle = 0, in_request = 0, after_request = 0, in_answer = 0;

 private:
  void serve(TlsStream& stream) {
    std::mt19937 random(seed_ + static_cast<unsigned>(++connections_));
    const auto pick = [&random](std::size_t below) {
      return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    std::string bytes;
    while (true) {
      const std::size_t mood = pick(20);
      if (mood == 0) return end(stream, idle, pick(2) == 0);
      const std::size_t most = mood > 2       ? std::string::npos
                               : pick(2) == 0 ? pick(4'000)
                                              : pick(60'000);
      if (!read(stream, bytes, most)) return;
      if (mood <= 2) return end(stream, in_request, true);
      if (mood == 3) return end(stream, after_request, pick(2) == 0);
      const std::string answer = Server::ok(std::string(pick(500), 'a'));
      if (mood == 4) {
        Server::send(stream, answer.substr(0, pick(answer.size())));
        return end(stream, in_answer, pick(2) == 0);
      }
      Server::send(stream, answer);
      const std::scoped_lock lock(mutex_);
      ++answered;
    }
  }

  void end(TlsStream& stream, int& count, bool by_reset) {
    {
      const std::scoped_lock lock(mutex_);
      ++count;
    }
    if (by_reset) return Server::reset(stream);
    boost::system::error_code ignored;
    stream.shutdown(ignored);
  }

  /// One request, or no more than `most` bytes of it. False at the end of the stream.
  bool read(TlsStream& stream, std::string& bytes, std::size_t most) {
    bytes.clear();
    char buffer[1024];
    std::size_t wanted = most;
    std::string id;
    while (bytes.size() < wanted) {
      boost::system::error_code error;
      const std::size_t size = std::min(sizeof buffer, wanted - bytes.size());
      const std::size_t n = stream.read_some(asio::buffer(buffer, size), error);
      if (error) return false;
      bytes.append(buffer, n);
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string::npos || !id.empty()) continue;
      id = value(bytes, "X-Id: ");
      count(heads, id);
      const std::size_t whole = end + 4 + std::stoul(value(bytes, "Content-Length: "));
      if (whole <= wanted) wanted = whole;
      if (bytes.size() >= whole) wanted = whole;
    }
    const std::size_t end = bytes.find("\r\n\r\n");
    if (!id.empty() && bytes.size() == end + 4 + std::stoul(value(bytes, "Content-Length: ")))
      count(wholes, id);
    return true;
  }

  static std::string value(const std::string& bytes, const std::string& name) {
    const std::size_t at = bytes.find(name) + name.size();
    return bytes.substr(at, bytes.find('\r', at) - at);
  }

  void count(std::map<std::string, int>& counts, const std::string& id) {
    const std::scoped_lock lock(mutex_);
    ++counts[id];
  }

  const unsigned seed_;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
};

TEST_F(UpstreamTest, ten_thousand_posts_to_a_vendor_that_hangs_up_reach_it_once_at_most) {
  MoodyVendor vendor(20'261'123);
  Server server(vendor.script());
  std::mt19937 random(7);
  std::map<Sent, int> labels;
  std::map<std::string, Sent> outcomes;
  int started = 0, ended = 0;
  const std::function<void()> start = [&] {
    if (started == posts) return;
    const std::string id = std::to_string(++started);
    Request one = request(server, "POST");
    one.headers = {{"X-Id", id}};
    // The large ones take several TLS records, and more than the system's buffers hold.
    one.body = std::string(random() % (random() % 8 == 0 ? 400'000 : 3'000), 'b');
    client->send(std::move(one), [&, id](Result<Response> response) {
      ++ended;
      outcomes[id] = response ? Sent::yes : response.error().sent;
      if (!response) {
        EXPECT_EQ(response.error().origin, Origin::network) << id;
        EXPECT_TRUE(response.error().sent == Sent::no || !response.error().retryable) << id;
      }
      start();
    });
  };
  for (int i = 0; i < at_once; ++i)
    start();
  while (ended < posts)
    loop.run_one();
  close();
  for (const auto& [id, sent] : outcomes) {
    ++labels[sent];
    EXPECT_LE(vendor.heads[id], 1) << id << " was sent twice";
    if (sent == Sent::no) {
      EXPECT_EQ(vendor.heads[id], 0) << id << " is said not to have been sent";
    }
    if (sent == Sent::yes) {
      EXPECT_EQ(vendor.wholes[id], 1) << id << " is said to have been answered";
    }
  }
  // The test is worth something only if each kind of end came often.
  for (const int count : {vendor.idle, vendor.in_request, vendor.after_request, vendor.in_answer})
    EXPECT_GT(count, 100);
  EXPECT_GT(labels[Sent::unknown], 500);
  std::printf("answered %d, idle ends %d, in the request %d, after it %d, in the answer %d\n",
              vendor.answered, vendor.idle, vendor.in_request, vendor.after_request,
              vendor.in_answer);
  std::printf("labels: sent %d, unknown %d, not sent %d\n", labels[Sent::yes],
              labels[Sent::unknown], labels[Sent::no]);
}

}  // namespace
}  // namespace penstock::upstream
