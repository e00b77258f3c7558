#include "call/request_body.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <penstock/digest.hpp>
#include <penstock/hex.hpp>
#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "policy/multipart.hpp"
#include "runtime/loop_environment.hpp"
#include "soap/fragment.hpp"

namespace penstock::call {
namespace {

/// Accepts SOAP 1.1 and 1.2 media types in UTF-8: the vendor must read the envelope as it was read
/// here. Empty: valid; else the problem.
std::string check_soap_content_type(std::string_view value) {
  const std::string type = lower(value);
  const std::string_view media = std::string_view(type).substr(0, type.find_first_of("; \t"));
  if (media != "text/xml" && media != "application/soap+xml")
    return "must be text/xml or application/soap+xml for a SOAP envelope";
  const auto parameters = media_type_parameters(type);
  if (!parameters) return "has parameters that are not name=value or name=\"value\"";
  std::set<std::string_view> names;
  for (const Field& parameter : *parameters) {
    if (!names.insert(parameter.name).second)
      return "has the parameter " + parameter.name + " more than once";
    if (parameter.name == "charset" && parameter.value != "utf-8" && parameter.value != "utf8")
      return "has a charset other than utf-8; the engine reads UTF-8 only";
  }
  return {};
}

/// Whether a SOAP header block carries credentials, decided by its name alone: WS-Security's
/// Security, and AuthHeader, Credentials, LoginInfo, … of services with a scheme of their own.
bool is_credential_block(std::string_view local_name) {
  constexpr std::array parts = {"security", "auth",          "credential", "login",  "logon",
                                "password", "usernametoken", "apikey",     "api_key"};
  const std::string name = lower(local_name);
  return std::ranges::any_of(
      parts, [&](const char* part) { return name.find(part) != std::string::npos; });
}

/// For plugins that sign the digest of the body.
void digest(PreparedCall& prepared) {
  if (prepared.api->body_need == catalog::BodyNeed::sha256)
    prepared.body_sha256 = sha256(prepared.body.value_or(""));
}

void set_form(PreparedCall& prepared, const std::vector<FormPart>& form,
              std::string_view boundary) {
  policy::EncodedForm encoded = policy::encode_form(form, boundary);
  prepared.headers.erase("content-type");
  prepared.headers.add("Content-Type", std::move(encoded.content_type));
  prepared.body = std::move(encoded.body);
}

Result<Ok> read_soap_body(PreparedCall& prepared) {
  const auto refused = [](std::string why) {
    return failure(input_invalid("the body " + why, {{"", why}}));
  };
  if (!soap::is_soap_envelope(*prepared.body)) {
    prepared.headers.erase("content-type");
    std::string problem = soap::check_xml_fragment(*prepared.body);
    if (!problem.empty()) return refused(std::move(problem));
    return Ok{};
  }
  auto envelope = soap::read_soap_envelope(*prepared.body);
  if (!envelope) return refused(std::move(envelope).error());
  for (const auto& [ns, local] : envelope->header_blocks) {
    if (is_credential_block(local))
      return refused(
          "has a " + local +
          " of its own in its Header; remove it: the engine adds the connection's credentials");
  }
  std::string problem = check_soap_content_type(prepared.headers.get("content-type").value_or(""));
  if (!problem.empty())
    return failure(input_invalid("Content-Type " + problem, {{"/headers/Content-Type", problem}}));
  prepared.envelope = *std::move(envelope);
  return Ok{};
}

}  // namespace

void read_body(const Call& call, std::string_view boundary, PreparedCall& prepared,
               std::vector<Problem>& problems) {
  if (prepared.api->soap) {
    if (call.body_is_json || !call.form.empty())
      problems.push_back({"/data", "must be a string of XML for " + prepared.api->id()});
    prepared.body = call.body.value_or("");
    std::string trouble = soap::check_xml_fragment(*prepared.body);
    if (!trouble.empty()) problems.push_back({"/data", std::move(trouble)});
    return digest(prepared);
  }
  if (!call.form.empty()) {
    policy::check_form(call.form, problems);
    const bool complete =
        std::ranges::all_of(call.form, [](const FormPart& part) { return part.data_url.empty(); });
    if (!complete) {
      prepared.body_state = PreparedCall::Body::pending;
      return;
    }
    set_form(prepared, call.form, boundary);
    return digest(prepared);
  }
  prepared.body = call.body;
  if (call.body_is_json && prepared.headers.get("content-type").value_or("").empty())
    prepared.headers.add("Content-Type", "application/json");
  digest(prepared);
}

Result<PreparedCall> with_body(PreparedCall prepared, std::string body) {
  prepared.body_state = PreparedCall::Body::complete;
  prepared.body = std::move(body);
  if (prepared.api->soap) {
    auto read = read_soap_body(prepared);
    if (!read) return failure(std::move(read).error());
  }
  digest(prepared);
  return prepared;
}

PreparedCall with_form(PreparedCall prepared, const std::vector<FormPart>& form) {
  prepared.body_state = PreparedCall::Body::complete;
  set_form(prepared, form, random_boundary());
  digest(prepared);
  return prepared;
}

std::string random_boundary() {
  const auto entropy = runtime::fresh_entropy();
  return "penstock-" + to_hex({reinterpret_cast<const char*>(entropy.data()), 16});
}

}  // namespace penstock::call
