#include "accounts.hpp"
#include "http_text.hpp"
#include "json.hpp"
#include "jwt.hpp"
#include "vendors.hpp"

// Workday's token endpoint: three grants, each with its own client authentication.
namespace penstock::sandbox {
namespace {

namespace account = accounts::workday;
constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t longest_assertion = 300, clock_skew = 10;

Response oauth_error(int status, std::string_view code, std::string_view description) {
  auto response =
      json_response(status, "{\"error\":" + json_string(code) +
                                ",\"error_description\":" + json_string(description) + "}");
  response.refused = true;
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Basic realm=\"workday\""});
  return response;
}

Response invalid_client() { return oauth_error(401, "invalid_client", "unknown client or secret"); }
Response invalid_grant(std::string_view why) { return oauth_error(400, "invalid_grant", why); }

Response issue(SandboxState& state, const std::string* refresh_token) {
  auto token = random_token();
  state.workday.access_tokens[token] = state.now + state.settings.token_lifetime;
  return json_response(
      200, "{\"access_token\":" + json_string(token) +
               ",\"token_type\":\"Bearer\",\"expires_in\":" +
               std::to_string(state.settings.token_lifetime) +
               (refresh_token ? ",\"refresh_token\":" + json_string(*refresh_token) : "") + "}");
}

bool is_client(std::string_view id, std::string_view secret) {
  return id == account::client_id && secret == account::client_secret;
}

Response by_refresh_token(const Request& request, const Fields& form, SandboxState& state) {
  bool in_form = only(form, "client_secret").has_value();
  if (request.has_header("Authorization")) {
    if (in_form) return oauth_error(400, "invalid_request", "the client is named twice");
    auto basic = basic_credentials(request.header("Authorization"));
    if (!basic || !is_client(basic->first, basic->second)) return invalid_client();
  } else if (!in_form || !is_client(only(form, "client_id").value_or(""),
                                    only(form, "client_secret").value_or(""))) {
    return invalid_client();
  }

  auto presented = only(form, "refresh_token");
  if (!presented) return oauth_error(400, "invalid_request", "refresh_token is missing");
  auto& oauth = state.workday;
  // With refresh_grace the previous token still returns the result of its first use.
  if (state.settings.refresh_grace && *presented == oauth.last_refresh_token)
    return issue(state, &oauth.refresh_token);
  if (oauth.used_refresh_tokens.contains(*presented)) {
    // A token used twice was stolen or lost: everything issued from it is revoked.
    oauth.family_revoked = true;
    oauth.access_tokens.clear();
  }
  if (oauth.family_revoked || *presented != oauth.refresh_token)
    return invalid_grant("the refresh token is not valid");
  if (state.settings.rotate_refresh_tokens) {
    oauth.used_refresh_tokens.insert(oauth.refresh_token);
    oauth.last_refresh_token = oauth.refresh_token;
    oauth.refresh_token = random_token();
  }
  return issue(state, &oauth.refresh_token);
}

Response by_client_credentials(const Request& request, const Fields& form, SandboxState& state) {
  // Workday's own scheme: the word ID, followed by the same credentials as in Basic.
  auto authorization = parse_authorization(request.header("Authorization"));
  if (!authorization || authorization->scheme != "id") return invalid_client();
  auto pair = user_and_password(authorization->credentials);
  if (!pair || !is_client(pair->first, pair->second)) return invalid_client();
  if (only(form, "tenant_alias") != std::string{account::tenant})
    return oauth_error(400, "invalid_request", "tenant_alias is missing or unknown");
  return issue(state, nullptr);
}

Response by_assertion(const Request& request, const Fields& form, SandboxState& state) {
  if (request.has_header("Authorization") || only(form, "client_secret"))
    return oauth_error(400, "invalid_request", "the assertion is the client's only credential");
  auto assertion = only(form, "assertion");
  if (!assertion) return oauth_error(400, "invalid_request", "assertion is missing");
  auto claims = verified_claims(*assertion, account::jwt_public_key);
  if (!claims) return invalid_grant("the assertion's signature is not valid");
  if (claims->issuer != account::client_id) return invalid_client();
  if (claims->subject != account::isu) return invalid_grant("sub is not the integration user");
  if (claims->audience != "wd") return invalid_grant("aud is not wd");
  if (claims->expires <= state.now) return invalid_grant("the assertion has expired");
  if (claims->expires > state.now + longest_assertion + clock_skew)
    return invalid_grant("exp is more than 300 seconds ahead");
  return issue(state, nullptr);
}

}  // namespace

Response workday_token(const Request& request, SandboxState& state) {
  if (request.method != "POST") {
    auto response = oauth_error(405, "invalid_request", "POST is needed");
    response.headers.push_back({"Allow", "POST"});
    return response;
  }
  auto type = parse_media_type(request.header("Content-Type")).type;
  auto form = form_fields(request.body);
  if (type != "application/x-www-form-urlencoded" || !form)
    return oauth_error(400, "invalid_request", "the body is not a form");
  auto grant = only(*form, "grant_type");
  if (!grant) return oauth_error(400, "invalid_request", "grant_type is missing");

  Response response;
  std::string name = *grant;
  if (*grant == "refresh_token") {
    response = by_refresh_token(request, *form, state);
  } else if (*grant == "client_credentials") {
    response = by_client_credentials(request, *form, state);
  } else if (*grant == jwt_bearer) {
    response = by_assertion(request, *form, state);
    name = "jwt_bearer";
  } else {
    response = oauth_error(400, "unsupported_grant_type", "the grant is not supported");
    name = "unsupported";
  }
  response.kind = name;
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

}  // namespace penstock::sandbox
