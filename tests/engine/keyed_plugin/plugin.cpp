// A login for each API and region, and a header that signs the request as Digest and its like do.
#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

namespace {

using namespace penstock::sdk;

constexpr std::string_view origin = "https://api.keyed.example";

struct Keyed {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (!in.session.fresh(in.env)) return Verdict::need_session;
    out.header("Authorization", bearer(in.session["token"]));
    out.header("X-Signed", concat(in.call.method, " ", in.call.authority, " ", in.call.target()));
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn& in) const {
    switch (in.event) {
    case PST_EV_FETCHED:
      out.put("token", in.response.body());
      return Verdict::ok;
    case PST_EV_LOGOUT:
      out.method("POST").url(concat(origin, "/logout/", in.session["token"]));
      return Verdict::fetch;
    default:
      if (in.conn["key"] == "rotates") out.credential("key", "other");
      out.method("POST").url(
          concat(origin, "/login/", in.api, "/", in.api == "rest" ? in.options["region"] : ""));
      return Verdict::fetch;
    }
  }
};

}  // namespace

PENSTOCK_PLUGIN(Keyed)
