#include <string>

#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/form.hpp>
#include <penstock/sdk/plugin.hpp>

namespace {

using namespace penstock::sdk;

constexpr std::int64_t session_life_ms = 4 * 3600 * 1000;

/// Taleo Business Edition: a dispatcher returns the company's base URL, and a login there returns a
/// token that is sent as a cookie. The session contains the base URL for the calls.
struct TaleoBusiness {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (!in.session.fresh(in.env)) return Verdict::need_session;
    out.header("Cookie", cookie("authToken", in.session["token"]));
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn& in) const {
    if (in.event == PST_EV_LOGOUT) {
      out.method("POST")
          .url(concat(in.session["base_url"], "logout"))
          .header("Cookie", cookie("authToken", in.session["token"]));
      return Verdict::fetch;
    }
    if (in.event != PST_EV_FETCHED) {
      // A company rarely moves, so its last known address is tried first.
      return in.session["base_url"].empty() ? ask_dispatcher(out, in)
                                            : log_in(out, in, in.session["base_url"], "cached");
    }
    if (in.carried["base_url"].empty())
      return log_in(out, in, base_url_in(out, in.response), "dispatched");
    const bool moved =
        in.carried["from"] == "cached" && !is_success(in.response) && in.response.status() != 401;
    if (moved) {
      out.carry("base_url", "");
      return ask_dispatcher(out, in);
    }
    return keep(out, in);
  }

  /// Taleo's own message is in the status member of the response.
  Verdict inspect(Out& out, const InspectIn& in) const {
    if (in.response.status() == 401) return Verdict::reauth;
    const std::string_view message = error_message(out, in.response);
    if (message.empty()) return Verdict::pass;
    fail(PST_E_VENDOR_FAULT, std::string(message),
         std::string(out.json(in.response.body(), "/status/detail/errorcode")));
  }

 private:
  static bool is_success(const Response& response) {
    return response.status() >= 200 && response.status() < 300;
  }

  static std::string_view error_message(Out& out, const Response& response) {
    return out.json(response.body(), "/status/detail/errormessage");
  }

  static Verdict ask_dispatcher(Out& out, const SessionIn& in) {
    out.method("GET").url(concat("https://tbe.taleo.net/MANAGER/dispatcher/api/v1/serviceUrl/",
                                 url_encode(in.conn["company_code"])));
    return Verdict::fetch;
  }

  static std::string base_url_in(Out& out, const Response& response) {
    std::string url(out.json(response.body(), "/response/URL"));
    if (!is_success(response) || url.empty()) {
      fail(response.status() == 429 || response.status() >= 502 ? PST_E_VENDOR_FAULT
                                                                : PST_E_BAD_CONNECTION,
           concat("the dispatcher has no host for this company_code (HTTP ",
                  std::to_string(response.status()), "): ", error_message(out, response)));
    }
    if (!url.ends_with('/')) url += '/';
    return url;
  }

  /// The password is sent in the form; the vendor would also accept it in the URL.
  static Verdict log_in(Out& out, const SessionIn& in, std::string_view base_url,
                        std::string_view from) {
    out.carry("base_url", base_url)
        .carry("from", from)
        .method("POST")
        .url(concat(base_url, "login"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form({{"orgCode", in.conn["company_code"]},
                    {"userName", in.conn["username"]},
                    {"password", in.conn["password"]}}));
    return Verdict::fetch;
  }

  static Verdict keep(Out& out, const SessionIn& in) {
    const std::string_view token = out.json(in.response.body(), "/response/authToken");
    if (!is_success(in.response) || token.empty()) {
      fail(in.response.status() == 401 ? PST_E_AUTH_REJECTED : PST_E_VENDOR_FAULT,
           concat("the login returned HTTP ", std::to_string(in.response.status()), ": ",
                  error_message(out, in.response)));
    }
    (void)cookie("authToken", token);
    out.put("base_url", in.carried["base_url"], false)
        .put("token", token)
        .expires(in.env.now_ms() + session_life_ms);
    return Verdict::ok;
  }
};

}  // namespace

PENSTOCK_PLUGIN(TaleoBusiness)
