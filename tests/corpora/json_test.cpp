// Files that a JSON parser must take (y_), must refuse (n_) or may do either with (i_): our seeds,
// and JSONTestSuite where it is there. As the whole envelope, as `data` on its
// way to a vendor, as a vendor's answer.
#include <algorithm>

#include <penstock/envelope.hpp>
#include <penstock/text.hpp>
#include <rapidjson/document.h>

#include "corpus.hpp"
#include "http_fixture.hpp"
#include "stage.hpp"

namespace penstock::corpora {
namespace {

std::vector<Sample> suite() {
  return files({seeds("json"), testdata("JSONTestSuite/test_parsing"),
                testdata("JSONTestSuite/test_transform")});
}

std::string_view trimmed(std::string_view json) {
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return json.substr(first, json.find_last_not_of(" \t\r\n") - first + 1);
}

/// Another parser than the one under test. Numbers stay text: it would abort on some.
rapidjson::Document other_parser(const std::string& json) {
  rapidjson::Document out;
  out.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
            rapidjson::kParseNumbersAsStringsFlag>(json.data(), json.size());
  return out;
}

std::string text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

/// What the vendor must receive for `data`: the exact bytes of an object or array, the text of a
/// string. None if `data` is neither: the call is refused.
std::optional<std::string> owed(const std::string& data) {
  const std::string_view value = trimmed(data);
  if (value.starts_with('{') || value.starts_with('[')) return std::string(value);
  const rapidjson::Document read = other_parser(data);
  if (read.HasParseError() || !read.IsString() || !value.starts_with('"')) return std::nullopt;
  return text_of(read);
}

TEST(JsonTestSuite, NoFileIsAnEnvelope) {
  Tally tally("JSONTestSuite as the whole envelope");
  for (const Sample& file : suite()) {
    tally.ran();
    const Stopwatch watch(file.name, file.bytes.size());
    const auto parsed = parse_envelope(file.bytes);
    // None of them has a method and a path, so the y_ are refused too, but for another reason.
    ASSERT_FALSE(parsed) << file.name;
    tally.refused();
    const bool broken =
        parsed.error().details.size() == 1 && parsed.error().details[0].pointer.empty();
    EXPECT_TRUE(broken || !file.name.starts_with("n_")) << file.name << parsed.error().message;
    EXPECT_FALSE(broken && file.name.starts_with("y_object")) << file.name;
  }
}

/// Where a value stands must not matter: a parser that loses its way may find it again behind it.
const std::pair<const char*, const char*> places[] = {
    {R"({"method":"POST","path":"/people/search","data":)", "}"},
    {R"({"data":)", R"(,"method":"POST","path":"/people/search"})"},
    {R"({"method":"POST","data": )", " ,\"path\":\"/people/search\"}\n"},
};

TEST(JsonTestSuite, DataReachesTheVendorAsItIsOrNotAtAll) {
  Stage stage;
  Tally tally("JSONTestSuite as data over HTTP to a vendor");
  server::TestClient client(stage.port());
  for (const Sample& file : suite()) {
    for (const auto& [before, after] : places) {
      SCOPED_TRACE(file.name + " in " + before);
      tally.ran();
      const Stopwatch watch(file.name, file.bytes.size());
      const int requests = stage.ledger().requests;
      client.send(server::post("/v1/passthrough/hibob/v1", before + file.bytes + after));
      const server::Received answer = client.receive();
      ASSERT_FALSE(answer.closed);
      EXPECT_EQ(credential_in(answer.body), "");
      const Ledger ledger = stage.ledger();
      const std::optional<std::string> wanted = owed(file.bytes);
      const bool nothing = trimmed(file.bytes) == "null";  // the same as no data
      if (answer.status == 200) {
        EXPECT_FALSE(file.name.starts_with("n_"));
        ASSERT_EQ(ledger.requests, requests + 1);
        ASSERT_TRUE(wanted || nothing);
        EXPECT_EQ(ledger.last.at("hibob")->body, wanted.value_or(""));
        EXPECT_FALSE(other_parser(answer.body).HasParseError()) << answer.body;
        tally.accepted();
      } else {
        EXPECT_EQ(answer.status, 400) << answer.body;
        EXPECT_EQ(ledger.requests, requests);
        EXPECT_FALSE(file.name.starts_with("y_") && (wanted || nothing)) << answer.body;
        tally.refused();
      }
      if (file.name.starts_with("i_")) tally.note("free");
    }
  }
  for (const std::string& line : stage.take_log())
    EXPECT_EQ(credential_in(line), "");
}

TEST(JsonTestSuite, AVendorsAnswerGoesInAsItIsOrAsAString) {
  Tally tally("JSONTestSuite as a vendor's answer");
  for (const Sample& file : suite()) {
    SCOPED_TRACE(file.name);
    tally.ran();
    const Stopwatch watch(file.name, file.bytes.size());
    Response answer;
    answer.status = 200;
    answer.headers = {{"content-type", "application/json"}};
    answer.body = file.bytes;
    const std::string json = response_json(answer, false);
    const std::string verbatim = R"("headers":{"content-type":"application/json"},"data":)" +
                                 file.bytes + R"(},"warnings":[]})";
    const rapidjson::Document read = other_parser(json);
    // By RFC 8259 both are JSON; RapidJSON has no value for them.
    const bool beyond = read.GetParseError() == rapidjson::kParseErrorNumberTooBig ||
                        read.GetParseError() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid;
    ASSERT_TRUE(!read.HasParseError() || (beyond && !file.name.starts_with("y_")))
        << json.substr(0, 500);
    if (json.ends_with(verbatim)) {
      EXPECT_FALSE(file.name.starts_with("n_"));
      tally.note("byte for byte");
    } else if (file.bytes.empty()) {
      EXPECT_FALSE(read["data"].HasMember("data"));
      tally.note("empty");
    } else {
      ASSERT_FALSE(read.HasParseError());
      EXPECT_FALSE(file.name.starts_with("y_")) << json;
      EXPECT_GT(read["warnings"].Size(), 0U);
      const bool utf16 = file.bytes.starts_with("\xFF\xFE") || file.bytes.starts_with("\xFE\xFF");
      if (utf16 && !read["data"]["data"].IsString()) {  // as its mark says
        tally.note("transcoded");
        continue;
      }
      const std::string text = text_of(read["data"]["data"]);
      EXPECT_TRUE(text == file.bytes || text.find("\xEF\xBF\xBD") != std::string::npos || utf16);
      tally.note("as a string");
    }
    const rapidjson::Document coded = other_parser(response_json(answer, true));
    ASSERT_FALSE(coded.HasParseError());
    EXPECT_TRUE(file.bytes.empty() || base64_decode(text_of(coded["data"]["data"])) == file.bytes);
  }
}

}  // namespace
}  // namespace penstock::corpora
