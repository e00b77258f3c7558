// What vendors and their clients show as SOAP: the Body of every sample, and every WSDL, as the
// data of a call. Real XML has to pass as it is.
#include <algorithm>
#include <regex>

#include "apis.hpp"
#include "corpus.hpp"
#include "envelope_shape.hpp"

namespace penstock::corpora {
namespace {

/// What stands inside the Body, or a document without its declaration.
std::string fragment_of(const std::string& document) {
  static const std::regex open("<([A-Za-z0-9_-]+:)?Body[^>]*>");
  static const std::regex close("</([A-Za-z0-9_-]+:)?Body>");
  std::smatch first, last;
  if (std::regex_search(document, first, open) && std::regex_search(document, last, close)) {
    const auto start = first.position() + first.length();
    return document.substr(static_cast<std::size_t>(start),
                           static_cast<std::size_t>(last.position() - start));
  }
  const std::size_t end = document.find("?>");
  return document.starts_with("<?xml") ? document.substr(end + 2) : document;
}

std::vector<Sample> fragments() {
  std::vector<Sample> out;
  for (const Sample& file : files(seeds("soap")))
    out.push_back({"seeds/" + file.name, fragment_of(file.bytes)});
  for (const char* vendor : {"workday", "nmbrs", "taleo", "hroffice"}) {
    for (const Sample& file : files(vendor_specs() / vendor)) {
      const bool xml = file.bytes.find("Envelope") != std::string::npos ||
                       file.name.ends_with(".xml") || file.name.ends_with(".wsdl");
      if (xml && !file.name.ends_with(".md") && !file.name.ends_with(".json"))
        out.push_back({std::string(vendor) + "/" + file.name, fragment_of(file.bytes)});
    }
  }
  for (const Sample& file : files(testdata("soap/zeep/tests/wsdl_files")))
    out.push_back({"zeep/" + file.name, fragment_of(file.bytes)});
  return out;
}

TEST(SoapSamples, ReachTheVendorByteForByte) {
  Stage stage;
  Caller caller(stage);
  Tally tally("SOAP samples and WSDLs as data");
  for (const Sample& sample : fragments()) {
    for (const Api& api : apis()) {
      if (!api.endpoint) continue;
      SCOPED_TRACE(api.id() + " " + sample.name);
      const Stopwatch watch(sample.name, sample.bytes.size());
      tally.ran();
      Call call = api.call;
      call.body = sample.bytes;
      const Fate fate = caller.make(api, call);
      if (!fate.sent) {
        // Its prefix, or one within it, is bound on the sample's envelope.
        const std::string& why = fate.result.error().message;
        EXPECT_TRUE(why.find("must declare its namespace") != std::string::npos ||
                    why.find("unbound prefix inside its envelope") != std::string::npos)
            << why;
        tally.refused();
        continue;
      }
      tally.accepted();
      EXPECT_NE(fate.seen.body.find(sample.bytes), std::string::npos);
      EXPECT_EQ(envelope_shape(fate.seen.body).trouble, "");
    }
  }
  const bool all =
      std::filesystem::exists(vendor_specs()) && std::filesystem::exists(testdata("soap/zeep"));
  EXPECT_GT(tally["accepted"], all ? 150 : 12);
}

}  // namespace
}  // namespace penstock::corpora
