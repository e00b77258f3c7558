// XML that was written against parsers (entity bombs, external entities, broken documents), as the
// body of a SOAP call and as a vendor's SOAP answer.
#include <sys/resource.h>

#include <algorithm>
#include <regex>

#include <penstock/sdk/testing.hpp>

#include "apis.hpp"
#include "corpus.hpp"
#include "envelope_shape.hpp"
#include "socket_watch.hpp"

namespace penstock::corpora {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

std::vector<Sample> bombs() {
  std::string attributes, entities = "<!ENTITY e0 \"lol\">";
  for (int i = 0; i < 100'000; ++i)
    attributes += " a" + std::to_string(i) + "=\"\"";
  for (int i = 1; i < 30; ++i)
    entities += "<!ENTITY e" + std::to_string(i) + " \"" +
                repeated("&e" + std::to_string(i - 1) + ";", 10) + "\">";
  const std::size_t mib = 1U << 20U;
  return {{"depth", repeated("<a>", mib / 3)},
          {"depth, closed", repeated("<a>", mib / 8) + repeated("</a>", mib / 8)},
          {"attributes", "<a" + attributes + "/>"},
          {"laughs", "<!DOCTYPE a [" + entities + "]><a>&e29;</a>"},
          {"long name", "<" + std::string(mib, 'a') + "/>"},
          {"long value", "<a b=\"" + std::string(mib, 'a') + "\"/>"},
          {"long comment", "<a><!--" + std::string(mib, 'a') + "--></a>"},
          {"long text", "<a>" + repeated("&amp;", mib / 5) + "</a>"},
          {"brackets", "<a>" + repeated("]", mib) + "</a>"},
          {"references", "<a>" + repeated("&#9;", mib / 4) + "</a>"},
          {"sections", "<a>" + repeated("<![CDATA[]]>", mib / 12) + "</a>"},
          {"instructions", "<a>" + repeated("<?a?>", mib / 5) + "</a>"}};
}

bool has_public_documents() {
  return std::filesystem::exists(testdata("xml-attacks")) &&
         std::filesystem::exists(testdata("payloads/XXE Injection"));
}

std::vector<Sample> documents() {
  std::vector<Sample> out = bombs();
  std::ranges::move(
      files({seeds("xml"), testdata("xml-attacks"), testdata("payloads/XXE Injection/Files")}),
      std::back_inserter(out));
  for (const char* list : {"xml-attacks.txt", "XXE_Fuzzing.txt"}) {
    for (const std::string& line : lines(testdata("payloads/XXE Injection/Intruders") / list))
      out.push_back({line.substr(0, 200), line});
  }
  return out;
}

bool has_dtd(const std::string& document) {
  const std::size_t at = document.find("<!DOCTYPE");
  return at != std::string::npos && document.rfind("<![CDATA[", at) == std::string::npos &&
         document.rfind("<!--", at) == std::string::npos;
}

std::string without_declaration(const std::string& document) {
  const std::size_t end = document.find("?>");
  return document.starts_with("<?xml") && end != std::string::npos ? document.substr(end + 2)
                                                                   : document;
}

/// Inside the element that the API's own call has.
std::string inside(const Api& api, const std::string& document) {
  const std::string& own = api.call.body.value();
  const bool empty_element = own.ends_with("/>");
  const std::string open = own.substr(0, own.find(empty_element ? "/>" : ">"));
  return open + ">" + document + "</" + own.substr(1, own.find_first_of(" />") - 1) + ">";
}

/// As data; the vendor gets what the caller wrote, in the one Body, or nothing.
TEST(XmlAttacks, AsDataAreSentAsTheyAreOrNotAtAll) {
  places_reached();
  Stage stage;
  Caller caller(stage);
  Tally tally("XML attacks as data of 4 SOAP APIs, each in 3 forms");
  for (const Sample& document : documents()) {
    for (const Api& api : apis()) {
      if (!api.endpoint) continue;
      const std::string bare = without_declaration(document.bytes);
      for (const std::string& data : {document.bytes, bare, inside(api, bare)}) {
        SCOPED_TRACE(api.id() + " " + document.name);
        const Stopwatch watch(document.name, data.size());
        tally.ran();
        Call call = api.call;
        call.body = data;
        const Fate fate = caller.make(api, call);
        if (has_dtd(data)) tally.note("with a DTD");
        if (!fate.sent) {
          tally.refused();
          continue;
        }
        tally.accepted();
        EXPECT_FALSE(has_dtd(data));
        EXPECT_NE(fate.seen.body.find(data), std::string::npos);
        const EnvelopeShape shape = envelope_shape(fate.seen.body);
        EXPECT_EQ(shape.trouble, "");
        EXPECT_FALSE(shape.has_doctype);
        EXPECT_EQ(std::ranges::count(shape.children, "Body"), 1);
        EXPECT_LE(std::ranges::count(shape.children, "Header"), 1);
        EXPECT_LE(shape.children.size(), 2U);
      }
    }
  }
  caller.expect_nothing_more();
  for (const std::string& place : places_reached())
    EXPECT_EQ(place, stage.vendor_address());
  EXPECT_GT(tally["with a DTD"], has_public_documents() ? 500 : 50);
}

/// A fault that wants the document's own entities expanded where a plugin reads it.
std::vector<std::string> faults_with(const std::string& document) {
  std::vector<std::string> out = {document};
  const std::size_t start = document.find("<!DOCTYPE");
  if (start == std::string::npos) return out;
  const std::size_t subset = document.find('[', start);
  const std::size_t end = document.find(subset == std::string::npos ? ">" : "]>", start);
  if (end == std::string::npos) return out;
  const std::string doctype = document.substr(start, end + 2 - start);
  static const std::regex entity("<!ENTITY\\s+([A-Za-z0-9_.-]+)");
  for (auto at = std::sregex_iterator(doctype.begin(), doctype.end(), entity);
       at != std::sregex_iterator() && out.size() < 40; ++at) {
    out.push_back(doctype +
                  "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"
                  "<s:Fault><faultcode>s:Server</faultcode><faultstring>&" +
                  (*at)[1].str() + ";</faultstring></s:Fault></s:Body></s:Envelope>");
  }
  return out;
}

long peak_kib() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

struct Inspector {
  std::string plugin;
  testing::Given given;
};

std::vector<Inspector> inspectors() {
  return {{"workday_soap",
           {.connection = {{"domain", "wd5-services1.workday.com"},
                           {"tenant", "acme"},
                           {"username", "u"},
                           {"password", "p"}},
            .options = {{"service_name", "Staffing"}},
            .call = {.api = "soap", .method = "POST", .body = "<a xmlns=\"urn:a\"/>"}}},
          {"nmbrs",
           {.connection = {{"username", "u"}, {"token", "p"}, {"domain", "acme"}},
            .options = {{"service_name", "CompanyService"}},
            .call = {.api = "soap", .method = "POST", .body = "<a xmlns=\"urn:a\"/>"}}},
          {"taleo",
           {.connection = {{"subdomain", "acme"}, {"username", "u"}, {"password", "p"}},
            .call = {.api = "soap", .method = "POST", .body = "<a xmlns=\"urn:a\"/>"}}}};
}

TEST(XmlAttacks, AsAnAnswerAreReadWithoutTheirEntities) {
  places_reached();
  Tally tally("XML attacks as a SOAP answer before the inspect of 3 plugins");
  std::vector<Sample> answers;
  for (const Sample& document : documents()) {
    for (std::string& bytes : faults_with(document.bytes))
      answers.push_back({document.name, std::move(bytes)});
  }
  const long before = peak_kib();
  for (const Inspector& one : inspectors()) {
    const testing::PluginDriver plugin(PENSTOCK_BINARY_DIR "/plugins/" + one.plugin + ".so");
    for (const Sample& answer : answers) {
      SCOPED_TRACE(one.plugin + " " + answer.name);
      const Stopwatch watch(answer.name, answer.bytes.size());
      tally.ran();
      const testing::Built built = plugin.inspect(one.given, {.status = 500, .body = answer.bytes});
      // There is no real fault among them: whatever were found came out of an entity.
      EXPECT_EQ(testing::verdict_name(built.verdict), "pass") << built.failure.message;
      tally.note("without a fault");
    }
  }
  EXPECT_LT(peak_kib() - before, 512 * 1024);  // a sanitizer keeps what was freed
  EXPECT_TRUE(places_reached().empty());
  EXPECT_GT(tally["cases"], has_public_documents() ? 1000 : 100);
}

}  // namespace
}  // namespace penstock::corpora
