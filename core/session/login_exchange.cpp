#include "session/login_exchange.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

#include "base/redactor.hpp"
#include "base/retry_after.hpp"

namespace penstock::session {
namespace {

/// The request that the plugin wants to send; none without a URL. The host has checked it against
/// the egress list.
std::optional<FetchRequest> request_of(host::Outcome outcome) {
  auto url = parse_url(outcome.url);
  if (!url) return std::nullopt;
  for (const Field& parameter : outcome.query)
    url->add_parameter(parameter.name, parameter.value);
  return FetchRequest{outcome.method.empty() ? "GET" : outcome.method, *std::move(url),
                      std::move(outcome.headers), outcome.body.value_or("")};
}

void add_secrets(Redactor& redactor, const std::vector<host::NamedValue>& items) {
  for (const host::NamedValue& item : items) {
    if (item.secret) redactor.add(item.value.reveal());
  }
}

constexpr std::size_t max_message = 1000;

/// Truncates to max_message bytes, at a character boundary. Call it after redaction, never before:
/// half a secret would not be found.
std::string shortened(std::string text) {
  if (text.size() <= max_message) return text;
  return std::string(utf8_prefix(text, max_message)) + "…";
}

constexpr std::int64_t max_clock_skew_ms = 5'000;

/// Signed grants contain a time. If our clock or the vendor's is wrong, the vendor rejects them
/// with a message that does not mention the clock.
std::string clock_skew_note(const FetchResponse& response, std::int64_t now_ms) {
  const auto theirs = date_ms(response.headers);
  if (!theirs || std::abs(*theirs - now_ms) < max_clock_skew_ms) return {};
  const std::int64_t seconds = (std::abs(*theirs - now_ms) + 500) / 1000;
  return "; according to the Date of the vendor's response, this machine's clock is " +
         std::to_string(seconds) + " s " + (*theirs > now_ms ? "behind" : "ahead of") +
         " the vendor's";
}

/// One run of the session state machine. Each pending fetch keeps it alive.
class LoginExchange : public std::enable_shared_from_this<LoginExchange> {
 public:
  LoginExchange(RenewalStart start, std::shared_ptr<Environment> environment,
                std::function<void(Result<Renewed, RenewalFailure>)> handler)
      : start_(std::move(start)), environment_(std::move(environment)),
        handler_(std::move(handler)) {}

  void step(std::uint32_t event, const FetchResponse* response) {
    const host::Env env{fetches_, environment_->now_unix_ms(), 0, environment_->entropy()};
    host::ResponseInput response_input;
    if (response != nullptr)
      response_input = {response->status, &response->headers, response->body, false};
    host::Outcome outcome = start_.plugin->session(
        event, env, start_.connection, start_.old_session ? &*start_.old_session : nullptr,
        carried_, response != nullptr ? &response_input : nullptr, start_.key);
    log(outcome);
    switch (outcome.verdict) {
    case host::Verdict::ok:
      return established(std::move(outcome));
    case host::Verdict::fetch:
      return fetch(std::move(outcome));
    default:
      return refuse(std::move(outcome), response);
    }
  }

 private:
  void fetch(host::Outcome outcome) {
    if (++fetches_ > static_cast<std::uint32_t>(start_.max_fetches)) {
      return fail(
          plugin_failed("it needs more than " +
                            quantity(static_cast<std::uint64_t>(start_.max_fetches), "request") +
                            " for one session",
                        Phase::session));
    }
    for (host::NamedValue& item : outcome.carried) {
      std::erase_if(carried_.items,
                    [&](const host::NamedValue& old) { return old.name == item.name; });
      carried_.items.push_back(std::move(item));
    }
    auto request = request_of(std::move(outcome));
    if (!request) return fail(plugin_failed("its session request has no URL", Phase::session));
    environment_->fetch(
        *std::move(request), [self = shared_from_this()](Result<FetchResponse> response) {
          if (!response) {
            Error error = std::move(response).error();
            error.phase = Phase::session;
            error.sent = Sent::no;  // the call itself was not sent
            error.retryable = true;
            error.message = "no session for " + self->start_.connection.id + ": " + error.message;
            return self->fail(std::move(error));
          }
          self->step(PST_EV_FETCHED, &*response);
        });
  }

  void established(host::Outcome outcome) {
    Renewed renewed;
    renewed.session.items = std::move(outcome.session);
    renewed.session.created_ms = environment_->now_unix_ms();
    renewed.session.expires_ms = outcome.session_expires_ms;
    renewed.credentials = std::move(outcome.credentials);
    handler_(std::move(renewed));
  }

  void refuse(host::Outcome outcome, const FetchResponse* response) {
    Error error = session_error(outcome.failure, start_.connection.id, start_.rotates);
    const auto kind = kind_of(outcome.failure.kind, response);
    std::int64_t wait = outcome.retry_after_ms.value_or(0);
    if (response != nullptr) {
      const std::int64_t now = environment_->now_unix_ms();
      wait = std::max(wait, retry_after_ms(response->status, response->headers, "", now));
      if (kind != RenewalFailure::Kind::transient) error.message += clock_skew_note(*response, now);
    }
    if (wait > 0) error.retry_after = std::chrono::milliseconds(wait);
    fail(std::move(error), kind, &outcome);
  }

  static RenewalFailure::Kind kind_of(std::int32_t failure, const FetchResponse* response) {
    switch (failure) {
    case PST_E_CONSENT_REVOKED:
      return RenewalFailure::Kind::revoked;
    case PST_E_AUTH_REJECTED:
      return RenewalFailure::Kind::refused;
    case PST_E_BAD_CONNECTION:  // no response: nothing was sent
      return response == nullptr ? RenewalFailure::Kind::transient : RenewalFailure::Kind::refused;
    case PST_E_VENDOR_FAULT: {
      // A fault that the status code attributes to the vendor is transient; one that it attributes
      // to us is not.
      const bool vendors = response == nullptr || response->status >= 500 ||
                           response->status == 408 || response->status == 425 ||
                           response->status == 429;
      return vendors ? RenewalFailure::Kind::transient : RenewalFailure::Kind::refused;
    }
    default:
      return RenewalFailure::Kind::transient;
    }
  }

  /// Vendors quote in their messages what they were sent or have just issued. The receiver of an
  /// error may know other secrets than this run, so this run's own are redacted here, before the
  /// text is stored.
  Redactor redactor(const host::Outcome* outcome) const {
    Redactor redactor;
    add_secrets(redactor, start_.connection.fields);
    if (start_.old_session) add_secrets(redactor, start_.old_session->items);
    add_secrets(redactor, carried_.items);
    if (outcome != nullptr) {
      add_secrets(redactor, outcome->session);
      add_secrets(redactor, outcome->credentials);
      add_secrets(redactor, outcome->carried);
    }
    return redactor;
  }

  /// Logs the plugin's lines and notes. Notes cannot go into a call's response, because the session
  /// serves all calls.
  void log(const host::Outcome& outcome) {
    if (outcome.logs.empty() && outcome.notes.empty()) return;
    const Redactor hidden = redactor(&outcome);
    for (const host::LogText& line : outcome.logs)
      environment_->log(*start_.plugin, {line.level, hidden.redact(line.text)});
    for (const Field& note : outcome.notes)
      environment_->log(*start_.plugin, {1, hidden.redact(note.name + ": " + note.value)});
  }

  void fail(Error error, RenewalFailure::Kind kind = RenewalFailure::Kind::transient,
            host::Outcome* outcome = nullptr) {
    error.message = shortened(redactor(outcome).redact(std::move(error.message)));
    RenewalFailure out{std::move(error), kind, {}};
    if (outcome != nullptr) out.credentials = std::move(outcome->credentials);
    handler_(failure(std::move(out)));
  }

  RenewalStart start_;
  std::shared_ptr<Environment> environment_;
  std::function<void(Result<Renewed, RenewalFailure>)> handler_;
  host::SessionState carried_;
  std::uint32_t fetches_ = 0;
};

}  // namespace

void renew(RenewalStart start, std::shared_ptr<Environment> environment,
           std::function<void(Result<Renewed, RenewalFailure>)> handler) {
  const std::uint32_t event = start.event;
  const std::optional<FetchResponse> challenge = std::move(start.challenge);
  const auto run =
      std::make_shared<LoginExchange>(std::move(start), std::move(environment), std::move(handler));
  run->step(event, challenge ? &*challenge : nullptr);
}

void logout(const host::Instance& plugin, const host::SessionKey& key,
            const host::Connection& connection, const host::SessionState& session,
            const std::shared_ptr<Environment>& environment, std::function<void()> done) {
  const host::Env env{0, environment->now_unix_ms(), 0, environment->entropy()};
  host::Outcome outcome =
      plugin.session(PST_EV_LOGOUT, env, connection, &session, {}, nullptr, key);
  auto request = outcome.verdict == host::Verdict::fetch ? request_of(std::move(outcome))
                                                         : std::optional<FetchRequest>();
  if (!request) return done();
  // The capture keeps the environment alive until the response, so the engine does not end before
  // it.
  environment->fetch(*std::move(request),
                     [environment, done = std::move(done)](const auto&) { done(); });
}

Error session_error(const host::PluginFailure& why, const std::string& connection_id,
                    bool rotates) {
  const std::string detail =
      why.message + (why.vendor_code.empty() ? "" : " (" + why.vendor_code + ")");
  switch (why.kind) {
  case PST_E_AUTH_REJECTED:
    return credentials_refused("the vendor refuses the credentials of " + connection_id + ": " +
                               detail);
  case PST_E_CONSENT_REVOKED:
    if (!rotates) {
      return credentials_refused("the vendor refuses the grant of " + connection_id + ": " +
                                 detail);
    }
    return credentials_refused("the vendor no longer accepts the grant of " + connection_id +
                               "; reconnect it: " + detail);
  case PST_E_BAD_CONNECTION: {
    Error error =
        credentials_refused("the connection of " + connection_id + " is not usable: " + detail);
    error.origin = Origin::engine;
    return error;
  }
  case PST_E_RATE_LIMITED:
  case PST_E_VENDOR_FAULT:
  case PST_E_LIMIT: {
    Error error{Code::none,     502,           "The vendor returned no session", detail,
                Origin::vendor, Phase::session};
    error.retryable = true;
    return error;
  }
  default:
    return plugin_failed("no session for " + connection_id + ": " + detail, Phase::session);
  }
}

}  // namespace penstock::session
