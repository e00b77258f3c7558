#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <openssl/ssl.h>

#include "certificates.hpp"
#include "vendor_script.hpp"

namespace penstock::simulation {

/// What happened on both sides, with times, for a seed that fails. [any-thread]
class Trace {
 public:
  void add(std::string line);
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::vector<std::string> lines_;
};

/// What the vendor saw of one attempt of a request, and what it wrote.
struct Attempt {
  int connection = 0;
  std::size_t read = 0;       ///< bytes of the request
  bool complete = false;      ///< the request was read to its end
  bool body_is_right = true;  ///< its body is what the caller gave
  std::size_t answered = 0;   ///< bytes of the answer that were handed to the kernel
  bool desynced = false;      ///< bytes that belong to no request raced with this one
  bool after_extra = false;   ///< it came on a connection whose earlier answer had bytes behind it
  bool after_end = false;     ///< it came on a connection that the vendor had ended before
};

struct Planned {
  std::string method;
  std::string body;
  Script first, later;  ///< for the first attempt, and for any other
};

/// A TLS server on the loopback, on one thread, that plays a script for each request. Requests name
/// their mark in the path: /v1/m17.
class VendorServer {
 public:
  VendorServer(const sandbox::Certificates& certificates, Random random, Trace& trace);
  ~VendorServer();
  VendorServer(const VendorServer&) = delete;
  VendorServer& operator=(const VendorServer&) = delete;

  std::string address() const;

  /// To be called before a request with this mark can come. [any-thread]
  void plan(int mark, Planned planned);

  /// Waits until no script is under way. [not on the server's thread]
  void settle();

  /// Once the phase before has settled: plays one of `on_idle` on half of the idle connections, and
  /// forgets refusals. [not on the server's thread]
  void begin_phase(const std::vector<Trick>& on_idle);

  void refuse_connections(bool refuse);
  /// How many it has refused so far.
  int refused();

  /// Runs `function` on the server's thread after `ms`.
  void after(int ms, std::function<void()> function);

  std::vector<Attempt> attempts(int mark) const;

  /// Whether the client has closed all connections that nothing can be asked on any more, within
  /// 10 s: those that the vendor has ended, and those on which it spoke unasked. Only once no call
  /// is under way.
  bool dead_closed();

  /// Whether all connections were closed by the client, within 10 s. Only once it has gone.
  bool all_closed();

 private:
  class Connection;
  friend class Connection;

  void accept();
  template <class Which>
  bool closed_in_time(Which which);
  template <class Function>
  void run_and_wait(Function function);

  Random random_;
  Trace& trace_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::shared_ptr<SSL_CTX> tls_;
  mutable std::mutex mutex_;
  std::map<int, Planned> plans_;
  std::map<int, std::vector<Attempt>> attempts_;
  std::set<std::shared_ptr<Connection>> open_;
  bool refuses_ = false;
  int connections_ = 0, phase_ = 0, refused_ = 0;
  std::thread thread_;
};

}  // namespace penstock::simulation
