#include "vendor_server.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <stdexcept>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <openssl/pem.h>

#include "request_reader.hpp"

namespace penstock::simulation {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

void Trace::add(std::string line) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
  const std::scoped_lock lock(mutex_);
  lines_.push_back(std::to_string(now.count()) + " us  " + std::move(line));
}

std::string Trace::text() const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const std::string& line : lines_)
    out += "  " + line + "\n";
  return out;
}

/// One TCP connection. TLS goes through memory, so that what one system call sends is decided here.
class VendorServer::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(VendorServer& server, tcp::socket socket, int number)
      : server_(server), number_(number), socket_(std::move(socket)), timer_(server.context_),
        tls_(SSL_new(server.tls_.get())), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
    SSL_set_bio(tls_, in_, out_);
    SSL_set_accept_state(tls_);
    socket_.non_blocking(true);
    socket_.set_option(tcp::no_delay(true));
  }
  ~Connection() { SSL_free(tls_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void receive() {
    if (receiving_ || deaf_ || !socket_.is_open()) return;
    receiving_ = true;
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](error_code failed, std::size_t size) {
                              self->receiving_ = false;
                              if (failed) return self->close("is closed by the client");
                              BIO_write(self->in_, self->buffer_.data(), static_cast<int>(size));
                              self->advance();
                              self->receive();
                            });
  }

  /// One that has never carried a request is idle, too.
  bool is_idle() const {
    return socket_.is_open() && shaken_ && !playing_ && !finished_ && !reader_.started();
  }
  /// No request can be answered on it any more, and the client has been told: not where poison met
  /// a request, which takes it for its answer. One that never carried a request is left out.
  bool is_dead() const { return socket_.is_open() && used_ && !desynced_ && (finished_ || extra_); }
  void note_still_open() {
    error_code failed;
    note("is still open: " + std::string(name(script_.trick)) + ", " +
         std::to_string(socket_.available(failed)) + " bytes to read, " +
         std::to_string(unsent_.size()) + " unsent" + (receiving_ ? "" : ", not reading") +
         (finished_ ? ", ended" : "") + (extra_ ? ", spoke unasked" : ""));
  }
  bool is_playing() const { return playing_ && !silent_; }

  void play_idle(Trick trick) {
    note("idle: " + std::string(name(trick)));
    play({trick, {}, false, idle_steps(server_.random_, trick)});
    if (trick != Trick::idle_key_update) note_extra();
  }

  void close(const char* why) {
    if (!socket_.is_open()) return;
    note(why);
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    playing_ = false;
    boost::asio::post(server_.context_,
                      [self = shared_from_this()] { self->server_.open_.erase(self); });
  }

  /// What raced with a request in the phase that ends must not race in the next one. But where it
  /// was taken for the answer that is never given, nothing tells the client so.
  void begin_phase() { desynced_ = desynced_ && silent_; }

  void listen_again() {
    deaf_ = false;
    receive();
  }

 private:
  void note(const std::string& what) {
    server_.trace_.add("vendor #" + std::to_string(number_) + " " + what);
  }

  void advance() {
    if (!shaken_) {
      const int done = SSL_do_handshake(tls_);
      flush();
      if (done != 1) {
        if (SSL_get_error(tls_, done) != SSL_ERROR_WANT_READ) close("fails in its handshake");
        return;
      }
      shaken_ = true;
      note(std::string("has shaken hands, ") + SSL_get_version(tls_));
    }
    while (socket_.is_open() && (!playing_ || script_.early || finished_) && read_some()) {
    }
    // Answers to TLS's own messages.
    if (BIO_ctrl_pending(out_) > 0 && !playing_) flush();
  }

  /// Reads a piece of a request; false: there is none.
  bool read_some() {
    std::array<char, 16384> piece{};
    std::size_t wanted = reader_.mark() ? piece.size() : 64;
    if (script_.read_limit && reader_.mark()) {
      if (read_ >= *script_.read_limit) return false;
      wanted = std::min(wanted, *script_.read_limit - read_);
    }
    const int size = SSL_read(tls_, piece.data(), static_cast<int>(wanted));
    if (size <= 0) return false;
    const bool marked = reader_.mark().has_value();
    reader_.feed({piece.data(), static_cast<std::size_t>(size)});
    read_ += static_cast<std::size_t>(size);
    if (!marked && reader_.mark()) begin_request();
    if (!reader_.mark()) return true;
    with_attempt([&](Attempt& attempt) { attempt.read = read_; });
    if (finished_) {
      if (reader_.complete()) end_request();
      return true;
    }
    const bool complete = reader_.complete();
    const bool enough = complete || (script_.early && reader_.head_complete()) ||
                        (script_.read_limit && read_ >= *script_.read_limit);
    const bool begins = enough && !answering_;
    if (complete) end_request();
    if (begins) answer();
    answering_ = answering_ && !complete;
    return true;
  }

  void begin_request() {
    mark_ = *reader_.mark();
    used_ = true;
    // An end that was announced, or came in the answer's last segment, is there to be seen.
    const bool may_cross = script_.races || script_.trick == Trick::close_with_answer;
    const bool after_end = finished_ && (!may_cross || finished_phase_ != server_.phase_);
    const std::scoped_lock lock(server_.mutex_);
    auto& attempts = server_.attempts_[mark_];
    const Planned& planned = server_.plans_[mark_];
    if (!finished_) script_ = attempts.empty() ? planned.first : planned.later;
    const bool raced = extra_ && Clock::now() - extra_at_ < std::chrono::milliseconds(10) &&
                       extra_phase_ == server_.phase_;
    if (raced) desynced_ = true;
    attempts.push_back(
        {number_, read_, false, true, 0, desynced_, extra_ && !desynced_, after_end && !desynced_});
    attempt_ = attempts.size() - 1;
    server_.trace_.add(
        "vendor #" + std::to_string(number_) + " reads m" + std::to_string(mark_) +
        (finished_ ? " after its end" : ", then " + std::string(name(script_.trick))));
  }

  template <class Function>
  void with_attempt(Function function) {
    const std::scoped_lock lock(server_.mutex_);
    function(server_.attempts_[mark_][attempt_]);
  }

  void end_request() {
    const std::scoped_lock lock(server_.mutex_);
    Attempt& attempt = server_.attempts_[mark_][attempt_];
    attempt.complete = true;
    attempt.body_is_right = reader_.body() == server_.plans_[mark_].body;
    reader_ = {};
    read_ = 0;
    if (playing_) script_.early = false;  // the next request waits for the end of this script
  }

  void answer() {
    answering_ = true;
    answered_ = {mark_, attempt_};
    if (script_.read_limit || script_.trick == Trick::early_answer_unread) deaf_ = true;
    play(script_);
  }

  void play(Script script) {
    const bool early = script.early;
    steps_ = std::move(script.steps);
    at_ = 0;
    playing_ = true;
    extra_written_ = false;
    script_.early = early;
    go_on();
  }

  void go_on() {
    while (at_ < steps_.size() && socket_.is_open()) {
      if (!step(steps_[at_++])) return;
    }
    playing_ = false;
    answered_.reset();
  }

  /// From a handler of its own: what came meanwhile is read.
  void resume() {
    go_on();
    if (socket_.is_open() && !playing_) advance();
  }

  bool step(const Step& step) {
    switch (step.kind) {
    case Step::Kind::record:
      if (answered_ && !extra_written_) {
        const std::scoped_lock lock(server_.mutex_);
        server_.attempts_[answered_->first][answered_->second].answered += step.bytes.size();
      }
      note("writes " + std::to_string(step.bytes.size()) + " bytes");
      SSL_write(tls_, step.bytes.data(), static_cast<int>(step.bytes.size()));
      collect();
      return true;
    case Step::Kind::close_notify:
      note("close_notify");
      SSL_shutdown(tls_);
      collect();
      note_end();
      return true;
    case Step::Kind::garbage:
      note("a broken TLS record");
      unsent_ += std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, '\x5a');
      note_end();
      return true;
    case Step::Kind::key_update:
      if (SSL_version(tls_) == TLS1_3_VERSION) SSL_key_update(tls_, SSL_KEY_UPDATE_NOT_REQUESTED);
      SSL_do_handshake(tls_);
      collect();
      return true;
    case Step::Kind::send:
      return send(unsent_.size());
    case Step::Kind::send_some:
      return send(std::min(unsent_.size(), static_cast<std::size_t>(step.number)));
    case Step::Kind::wait:
      timer_.expires_after(std::chrono::milliseconds(step.number));
      timer_.async_wait([self = shared_from_this()](error_code failed) {
        if (!failed) self->resume();
      });
      return false;
    case Step::Kind::extra:
      racing_ = step.number == 0;
      note_extra();
      return true;
    case Step::Kind::fin: {
      note("FIN");
      error_code ignored;
      socket_.shutdown(tcp::socket::shutdown_send, ignored);
      note_end();
      return true;
    }
    case Step::Kind::reset: {
      error_code ignored;
      socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
      close("RST");
      return false;
    }
    case Step::Kind::last:
      note_end();
      return true;
    case Step::Kind::refuse:
      note("no more connections are taken");
      server_.refuses_ = true;
      return true;
    case Step::Kind::silence:
      silent_ = true;
      note_end();
      return false;
    }
    return true;
  }

  void note_end() {
    if (!finished_) finished_phase_ = server_.phase_;
    finished_ = true;
  }

  /// Bytes that belong to no request, and are there when the next one is written.
  void note_extra() { extra_ = extra_written_ = true; }

  /// Bytes that belong to no request: they race with one that is on its way already, or comes at
  /// once.
  void note_race() {
    error_code failed;
    const bool on_its_way = BIO_ctrl_pending(in_) > 0 || socket_.available(failed) > 0;
    racing_ = !unsent_.empty();
    extra_at_ = Clock::now();
    extra_phase_ = server_.phase_;
    if (on_its_way) desynced_ = true;
    note(on_its_way ? "extra bytes, which meet a request" : "extra bytes");
  }

  void collect() {
    std::array<char, 16384> piece{};
    for (int size = 0; (size = BIO_read(out_, piece.data(), piece.size())) > 0;)
      unsent_.append(piece.data(), static_cast<std::size_t>(size));
  }

  void flush() {
    collect();
    if (!unsent_.empty()) send(unsent_.size());
  }

  /// In one system call where the kernel takes it. False: go_on() comes later.
  bool send(std::size_t size) {
    if (size == 0) return true;
    error_code failed;
    const std::size_t sent = socket_.write_some(boost::asio::buffer(unsent_.data(), size), failed);
    unsent_.erase(0, sent);
    if (racing_) note_race();
    if (sent == size) return true;
    if (failed && failed != boost::asio::error::would_block) {
      close("cannot be written to");
      return false;
    }
    socket_.async_wait(tcp::socket::wait_write,
                       [self = shared_from_this(), left = size - sent](error_code error) {
                         if (error) return;
                         if (self->send(left) && self->playing_) self->resume();
                       });
    return false;
  }

  VendorServer& server_;
  int number_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  SSL* tls_;
  BIO *in_, *out_;  ///< owned by tls_
  std::array<char, 65536> buffer_{};
  std::string unsent_;
  bool receiving_ = false, shaken_ = false;
  bool used_ = false;      ///< a request has come on it
  bool deaf_ = false;      ///< reads nothing from the socket
  bool finished_ = false;  ///< answers nothing any more
  bool playing_ = false, silent_ = false;
  bool answering_ = false;  ///< the script of a request that is not read to its end has begun
  std::optional<std::pair<int, std::size_t>> answered_;  ///< whose script is played: mark, attempt

  RequestReader reader_;
  std::size_t read_ = 0;
  int mark_ = 0;
  std::size_t attempt_ = 0;
  Script script_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;

  bool extra_ = false, extra_written_ = false, desynced_ = false;
  bool racing_ = false;  ///< bytes that may race with a request are about to leave
  Clock::time_point extra_at_;
  int extra_phase_ = 0, finished_phase_ = 0;
};

VendorServer::VendorServer(const sandbox::Certificates& certificates, Random random, Trace& trace)
    : random_(random), trace_(trace),
      acceptor_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
      tls_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  BIO* pem = BIO_new_mem_buf(certificates.server_pem.data(), -1);
  X509* certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  BIO_free(pem);
  BIO* key_pem = BIO_new_mem_buf(certificates.server_key_pem.data(), -1);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_pem, nullptr, nullptr, nullptr);
  BIO_free(key_pem);
  const bool usable = SSL_CTX_use_certificate(tls_.get(), certificate) == 1 &&
                      SSL_CTX_use_PrivateKey(tls_.get(), key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!usable) throw std::runtime_error("the certificate cannot be used");
  if (random_.chance(0.3)) SSL_CTX_set_max_proto_version(tls_.get(), TLS1_2_VERSION);
  SSL_CTX_set_num_tickets(tls_.get(), random_.pick(3));
  accept();
  thread_ = std::thread([this] { context_.run(); });
}

VendorServer::~VendorServer() {
  context_.stop();
  thread_.join();
  open_.clear();
}

void VendorServer::accept() {
  acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
    if (!failed) {
      if (refuses_) {
        ++refused_;
        trace_.add("vendor refuses a connection");
        error_code ignored;
        socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
      } else {
        auto made = std::make_shared<Connection>(*this, std::move(socket), ++connections_);
        open_.insert(made);
        made->receive();
      }
    }
    if (acceptor_.is_open()) accept();
  });
}

std::string VendorServer::address() const {
  return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void VendorServer::plan(int mark, Planned planned) {
  const std::scoped_lock lock(mutex_);
  plans_.insert_or_assign(mark, std::move(planned));
}

template <class Function>
void VendorServer::run_and_wait(Function function) {
  std::promise<void> done;
  boost::asio::post(context_, [&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

void VendorServer::settle() {
  for (bool playing = true; playing;) {
    run_and_wait([&] {
      playing = std::ranges::any_of(open_, [](const auto& one) { return one->is_playing(); });
    });
    if (playing) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

void VendorServer::begin_phase(const std::vector<Trick>& on_idle) {
  run_and_wait([&] {
    ++phase_;
    refuses_ = false;
    const auto all = open_;
    for (const auto& one : all) {
      one->begin_phase();
      if (!on_idle.empty() && one->is_idle() && random_.chance(0.5))
        one->play_idle(on_idle[random_.pick(on_idle.size())]);
    }
  });
}

int VendorServer::refused() {
  int out = 0;
  run_and_wait([&] { out = refused_; });
  return out;
}

void VendorServer::refuse_connections(bool refuse) {
  run_and_wait([&] { refuses_ = refuse; });
}

void VendorServer::after(int ms, std::function<void()> function) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(context_);
  timer->expires_after(std::chrono::milliseconds(ms));
  timer->async_wait([timer, function = std::move(function)](error_code) { function(); });
}

std::vector<Attempt> VendorServer::attempts(int mark) const {
  const std::scoped_lock lock(mutex_);
  const auto found = attempts_.find(mark);
  return found == attempts_.end() ? std::vector<Attempt>() : found->second;
}

template <class Which>
bool VendorServer::closed_in_time(Which which) {
  const auto end = Clock::now() + std::chrono::seconds(10);
  run_and_wait([&] {
    for (const auto& one : open_)
      if (which(*one)) one->listen_again();
  });
  while (true) {
    bool open = false;
    const bool late = Clock::now() > end;
    run_and_wait([&] {
      for (const auto& one : open_) {
        if (!which(*one)) continue;
        open = true;
        if (late) one->note_still_open();
      }
    });
    if (!open) return true;
    if (late) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

bool VendorServer::dead_closed() {
  return closed_in_time([](const Connection& one) { return one.is_dead(); });
}

bool VendorServer::all_closed() {
  return closed_in_time([](const Connection&) { return true; });
}

}  // namespace penstock::simulation
