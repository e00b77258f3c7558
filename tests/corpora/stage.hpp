#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/api_handler.hpp"
#include "http/connection.hpp"
#include "http/http_server.hpp"
#include "sandbox_process.hpp"

namespace penstock::corpora {

/// A request as the vendor got it.
struct Seen {
  std::string method, target, host, sni;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const;  ///< all of that name, joined by " | "
};

/// What the sandbox remembers, of all vendors.
struct Ledger {
  int requests = 0;                                 ///< calls and token requests of all vendors
  int calls = 0;                                    ///< without token requests
  std::map<std::string, std::optional<Seen>> last;  ///< by vendor
};

/// The whole house in this process: a server on a port of its own, the engine, the plugins, and
/// the sandbox as the only vendor there is.
class Stage {
 public:
  explicit Stage(const std::string& more_integrations = "");
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Engine& engine() { return *engine_; }
  int port() const { return http_->port(); }
  const std::string& vendor_address() const { return vendor_address_; }  ///< host:port
  Ledger ledger();
  std::vector<std::string> take_log();

  testing::SandboxProcess sandbox;

 private:
  struct Line;  ///< a connection to the sandbox's ledger, kept open

  std::unique_ptr<Engine> engine_;
  std::string vendor_address_;
  std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<server::ApiHandler> api_;
  std::unique_ptr<server::HttpServer> http_;
  std::unique_ptr<Line> line_;
};

/// The name of a credential of the sandbox's accounts, in any of the forms that they travel in,
/// that stands in `text`; empty: none, but maybe `own`.
std::string credential_in(std::string_view text, std::string_view own = {});

/// Everything that a caller sees of a result.
std::string visible(const Result<Response>& result);

}  // namespace penstock::corpora
