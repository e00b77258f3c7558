#include <string>

#include <penstock/auth.hpp>
#include <penstock/form.hpp>
#include <penstock/jwt.hpp>
#include <penstock/oauth2.hpp>
#include <penstock/plugin.hpp>

namespace {

using namespace penstock::sdk;

constexpr std::int64_t renew_before_ms = 120'000;

struct WorkdayRest {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (in.call.api == "custom-report") {
      out.header("Authorization", basic(in.conn["username"], in.conn["password"]));
      return Verdict::ok;
    }
    if (!in.session.fresh(in.env, renew_before_ms)) return Verdict::need_session;
    out.header("Authorization", bearer(in.session["access_token"]));
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn& in) const {
    if (in.event != PST_EV_FETCHED) {
      request_token(out, in);
      return Verdict::fetch;
    }
    const TokenAnswer token = read_token(out, in.reply);
    out.put("access_token", token.access_token).expires(in.env.now_ms() + token.expires_in_s * 1000);
    const bool rotated = !token.refresh_token.empty() && token.refresh_token != in.conn["refresh_token"];
    if (in.conn["grant"] == "refresh_token" && rotated) out.credential("refresh_token", token.refresh_token);
    return Verdict::ok;
  }

 private:
  void request_token(Out& out, const SessionIn& in) const {
    const std::string_view grant = in.conn["grant"];
    const std::string client = std::string(in.conn["client_id"]) + ":" + std::string(in.conn["client_secret"]);
    out.method("POST")
        .url("https://" + std::string(in.conn["domain"]) + "/ccx/oauth2/" + url_encode(in.conn["tenant"]) + "/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Accept", "application/json");
    if (grant == "jwt_bearer") {
      const Claims claims{in.conn["client_id"], in.conn["isu"], "wd", in.env.now_ms() / 1000 + 300};
      out.body(form({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                     {"assertion", jwt_rs256(out, "private_key", claims)}}));
    } else if (grant == "client_credentials") {
      out.header("Authorization", "ID " + base64(client))  // the scheme word is ID, not Basic
          .body(form({{"grant_type", "client_credentials"}, {"tenant_alias", in.conn["tenant"]}}));
    } else {
      out.header("Authorization", basic(in.conn["client_id"], in.conn["client_secret"]))
          .body(form({{"grant_type", "refresh_token"}, {"refresh_token", in.conn["refresh_token"]}}));
    }
  }
};

}  // namespace

PENSTOCK_PLUGIN(WorkdayRest)
