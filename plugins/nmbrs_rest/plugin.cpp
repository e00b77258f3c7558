#include <string>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/oauth2.hpp>
#include <penstock/sdk/plugin.hpp>

namespace {

using namespace penstock::sdk;

/// Uses a bearer token that is valid for one hour, and the app's subscription key. The refresh
/// token is valid for 30 days and is replaced at each use.
struct NmbrsRest {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (!in.session.fresh(in.env)) return Verdict::need_session;
    out.header("Authorization", bearer(in.session["access_token"]))
        .header("X-Subscription-Key", in.conn["subscription_key"]);
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn& in) const {
    if (in.event == PST_EV_FETCHED) {
      keep_token(out, in, read_token(out, in.response, {.grant = "refresh_token"}),
                 "refresh_token");
      return Verdict::ok;
    }
    token_request(out, "https://identityservice.nmbrs.com/connect/token",
                  refresh_token_grant(in.conn["refresh_token"]))
        .header("Authorization",
                client_secret_basic(in.conn["client_id"], in.conn["client_secret"]));
    return Verdict::fetch;
  }

  /// API errors are {"title", "detail", "code"}. The gateway in front of the API returns
  /// {"statusCode", "message"}; a new token does not fix those errors.
  Verdict inspect(Out& out, const InspectIn& in) const {
    const std::string_view gateway = out.json(in.response.body(), "/message");
    if (in.response.status() == 401 && !gateway.empty())
      fail(PST_E_AUTH_REJECTED, concat("subscription_key: ", gateway), "401");
    const std::string_view title = out.json(in.response.body(), "/title");
    if (title.empty() || in.response.status() == 401) return Verdict::pass;
    const std::string_view detail = out.json(in.response.body(), "/detail");
    fail(in.response.status() == 429 ? PST_E_RATE_LIMITED : PST_E_VENDOR_FAULT,
         detail.empty() ? std::string(title) : concat(title, ": ", detail),
         std::string(out.json(in.response.body(), "/code")));
  }
};

}  // namespace

PENSTOCK_PLUGIN(NmbrsRest)
