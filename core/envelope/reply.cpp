#include <penstock/envelope.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

#include "envelope/json_text.hpp"

namespace penstock {
namespace {

void append_if_any(std::string& out, std::string_view member, const std::string& value) {
  if (value.empty()) return;
  out += member;
  append_json_string(out, value);
}

void append_session(std::string& out, const Preview& preview) {
  if (preview.session == Preview::Session::not_requested) return;
  if (preview.session == Preview::Session::not_needed) {
    out += R"(,"session":{"needed":false})";
    return;
  }
  out += R"(,"session":{"needed":true,"had":true)";
  if (preview.session_expires_ms != 0)
    append_if_any(out, R"(,"expires":)", rfc_3339(preview.session_expires_ms));
  out += '}';
}

}  // namespace

std::string preview_json(const Preview& preview) {
  std::vector<std::string> warnings = preview.warnings;
  std::string out;
  out.reserve(512 + preview.url.size() + preview.body.size() + preview.body.size() / 16);
  out += R"({"status":"success","data":{"valid":true,"request":{"method":)";
  append_json_string(out, preview.method);
  out += R"(,"url":)";
  append_json_string(out, preview.url);
  out += R"(,"headers":)";
  append_json_headers(out, preview.headers);
  out += R"(,"body":)";
  if (append_json_string(out, preview.body) > 0) {
    warnings.emplace_back(
        "the request's body is not text; bytes that cannot be shown became U+FFFD here");
  }
  out += '}';
  append_session(out, preview);
  out += R"(},"warnings":)";
  append_json_warnings(out, warnings);
  out += '}';
  return out;
}

std::string error_json(const Error& error) {
  std::string out = R"({"status":"error","error":{"code":)";
  if (error.code == Code::none) {
    out += "null";
  } else {
    append_json_string(out, text(error.code));
  }
  out += R"(,"title":)";
  append_json_string(out, error.title);
  out += R"(,"message":)";
  // Kombo's clients replace an empty message with the whole body.
  append_json_string(out, error.message.empty() ? error.title : error.message);
  out += R"(,"log_url":null,"origin":)";
  append_json_string(out, text(error.origin));
  out += R"(,"phase":)";
  append_json_string(out, text(error.phase));
  out += error.retryable ? R"(,"retryable":true,"sent":)" : R"(,"retryable":false,"sent":)";
  append_json_string(out, text(error.sent));
  out += R"(,"details":[)";
  for (std::size_t i = 0; i < error.details.size(); ++i) {
    out += i == 0 ? R"({"pointer":)" : R"(,{"pointer":)";
    const Problem& problem = error.details[i];
    append_json_string(out, problem.pointer);
    out += R"(,"message":)";
    append_json_string(out, problem.message);
    append_if_any(out, R"(,"rule":)", problem.rule);
    append_if_any(out, R"(,"given":)", problem.given);
    append_if_any(out, R"(,"suggestion":)", problem.suggestion);
    out += '}';
  }
  out += "]}}";
  return out;
}

}  // namespace penstock
