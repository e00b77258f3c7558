// The JSON envelope: a second parser agrees, and the output is always JSON.
#include <algorithm>
#include <cctype>

#include <penstock/envelope.hpp>
#include <penstock/text.hpp>
#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <simdjson.h>

#include "base/json_guard.hpp"
#include "fuzz.hpp"

namespace penstock::fuzz {
namespace {

/// Half a surrogate pair is fine with RFC 8259's grammar but not with the other parsers, so none is
/// left for them to see.
void join_surrogates(std::string& text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') continue;
    ++i;
    const std::string_view unit = std::string_view(text).substr(i);
    if (unit.size() >= 5 && unit[0] == 'u' && (unit[1] | 0x20) == 'd' &&
        std::string_view("89abcdefABCDEF").find(unit[2]) != std::string_view::npos &&
        std::isxdigit(static_cast<unsigned char>(unit[3])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(unit[4])) != 0) {
      text.replace(i + 1, 4, "FFFD");
    }
  }
}

/// Judged by RapidJSON where it can be trusted with the text, else by simdjson, whose refusals of
/// what it cannot hold (large numbers, deep nesting) say nothing about the grammar.
bool is_json_to_others(std::string text) {
  join_surrogates(text);
  if (!unsafe_for_rapidjson(text)) {
    rapidjson::Document document;
    rapidjson::MemoryStream bytes(text.data(), text.size());
    document.ParseStream<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                         rapidjson::kParseNumbersAsStringsFlag>(bytes);
    if (document.GetParseError() != rapidjson::kParseErrorNumberTooBig)
      return !document.HasParseError();
  }
  simdjson::dom::parser parser;
  const auto error = parser.parse(text).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR ||
         error == simdjson::DEPTH_ERROR;
}

void same_fields(const JsonValue& envelope, std::string_view name, const std::vector<Field>& read) {
  const JsonValue* member = envelope.find(name);
  require(read.size() == (member == nullptr ? 0 : member->members.size()),
          "as many fields as given");
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto& [given_name, given] = member->members[i];
    require(given_name == read[i].name && given.text == read[i].value,
            "fields are read as given, in their order", read[i].name);
  }
}

void check_accepted(std::string_view input, const Call& call) {
  if (call.body && call.body_is_json) {
    require(input.find(*call.body) != std::string_view::npos, "data keeps its very bytes");
    require(is_json_to_others(*call.body), "data is JSON", *call.body);
  }
  require(input.find(call.api_options) != std::string_view::npos,
          "api_options keep their very bytes");
  require(!call.body || call.form.empty(), "data and multipart_form_data exclude each other");
  require(is_json_to_others(std::string(input)), "what is accepted is JSON", input);
  const auto envelope = parse_json(input, DuplicateNames::keep);
  if (!envelope) return;  // numbers and nesting that the other reader does not take
  require(envelope->find("method")->text == call.method, "the method is the given one");
  require(envelope->find("path")->text == call.path, "the path is the given one");
  same_fields(*envelope, "headers", call.headers);
  same_fields(*envelope, "params", call.params);
  const JsonValue* data = envelope->find("data");
  if (data != nullptr && data->is_string())
    require(call.body && data->text == *call.body, "a string of data is that string");
}

void check_refused(const Error& error) {
  require(error.http_status == 400 && error.origin == Origin::caller && error.sent == Sent::no,
          "a refusal is the caller's fault, before anything is sent");
  require(!error.message.empty() && !error.details.empty(), "a refusal says what is wrong");
  require(is_json_to_others(error_json(error)), "a refusal is JSON", error_json(error));
}

void check_answer(Input input) {
  Response answer;
  answer.status = 100 + input.byte() * 2;
  answer.url = input.text();
  answer.headers = {{"content-type", std::string(input.text())},
                    {lower(input.text()), std::string(input.text())}};
  answer.headers.add(answer.headers[1].name, answer.url);
  answer.warnings.emplace_back(input.text());
  answer.body = input.rest();
  const std::string plain = response_json(answer, false);
  require(is_json_to_others(plain), "an answer is JSON, whatever the vendor sent", plain);
  const std::string coded = response_json(answer, true);
  require(is_json_to_others(coded), "an answer in base64 is JSON", coded);
  require(answer.body.empty() ||
              coded.find("\"data\":\"" + base64_encode(answer.body) + "\"") != std::string::npos,
          "base64 holds the very bytes");
  const std::string preview =
      preview_json({answer.url, answer.url, answer.headers, answer.body, answer.warnings});
  require(is_json_to_others(preview), "a preview is JSON", preview);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse_envelope(text);
  if (parsed) {
    fuzz::check_accepted(text, parsed->call);
  } else {
    fuzz::check_refused(parsed.error());
  }
  fuzz::check_answer({data, size});
  return 0;
}
