#include <string>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/jwt.hpp>
#include <penstock/sdk/oauth2.hpp>
#include <penstock/sdk/plugin.hpp>

namespace {

using namespace penstock::sdk;

/// Reports use HTTP Basic; all other APIs use a token that is valid for one hour.
struct WorkdayRest {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (in.call.api == "custom-report") {
      out.header("Authorization", basic(in.conn["username"], in.conn["password"]));
      return Verdict::ok;
    }
    if (!in.session.fresh(in.env)) return Verdict::need_session;
    out.header("Authorization", bearer(in.session["access_token"]));
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn& in) const {
    if (in.event != PST_EV_FETCHED) {
      request_token(out, in);
      return Verdict::fetch;
    }
    // Only the grant that sends a refresh token may replace it.
    const bool refreshes = in.conn["grant"] == "refresh_token";
    const TokenFields fields{.grant = refreshes ? "refresh_token"
                                      : in.conn["grant"] == "jwt_bearer"
                                          ? "private_key, isu and client_id"
                                          : "client_id and client_secret",
                             .address = "domain and tenant"};
    keep_token(out, in, read_token(out, in.response, fields), refreshes ? "refresh_token" : "");
    return Verdict::ok;
  }

 private:
  void request_token(Out& out, const SessionIn& in) const {
    const std::string_view grant = in.conn["grant"], tenant = in.conn["tenant"];
    const std::string_view id = in.conn["client_id"], secret = in.conn["client_secret"];
    const std::string url = concat("https://", url_encode(in.conn["domain"]), "/ccx/oauth2/",
                                   url_encode(tenant), "/token");
    if (grant == "jwt_bearer") {
      const Claims claims{id, in.conn["isu"], "wd", in.env.now_ms() / 1000 + 300};
      token_request(out, url, jwt_bearer_grant(jwt(out, "RS256", "private_key", claims)));
    } else if (grant == "client_credentials") {
      token_request(out, url,
                    concat(client_credentials_grant(), "&", form({{"tenant_alias", tenant}})))
          // the scheme is "ID", not "Basic"
          .header("Authorization", concat("ID ", user_pass(id, secret)));
    } else if (grant == "refresh_token") {
      token_request(out, url, refresh_token_grant(in.conn["refresh_token"]))
          .header("Authorization", client_secret_basic_raw(id, secret));
    } else {
      fail(PST_E_BAD_CONNECTION,
           "grant is not one of refresh_token, client_credentials, jwt_bearer");
    }
  }
};

}  // namespace

PENSTOCK_PLUGIN(WorkdayRest)
