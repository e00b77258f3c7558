// A fragment in a SOAP envelope cannot leave the Body.
// Expat says where each end tag stands; libxml2, which shares no code with it, says what it sees.
#include <memory>
#include <vector>

#include <expat.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "fuzz.hpp"
#include "host/invocation.hpp"
#include "soap/expat.hpp"
#include "soap/fragment.hpp"

namespace penstock::fuzz {
namespace {

constexpr std::string_view end_of_all = "</op></soapenv:Body></soapenv:Envelope>";

std::string envelope_round(std::string_view fragment) {
  host::Outcome outcome;
  outcome.soap = host::Outcome::Soap{R"( xmlns:wd="urn:com.workday/bsvc")", "<h/>"};
  outcome.body_prefix = "<op>";
  outcome.body_suffix = "</op>";
  return *host::build_body(outcome, std::string(fragment));
}

/// What Expat tells of the elements above the fragment.
struct Walk {
  XML_Parser parser = nullptr;
  std::vector<std::string> open;
  int envelopes = 0, bodies = 0, ops = 0;
  std::size_t end_of_op = 0;

  void start(std::string_view name) {
    open.emplace_back(name);
    if (open.size() == 1) ++envelopes;
    if (open.size() == 2 && name == "soapenv:Body") ++bodies;
    if (open.size() == 3 && open[1] == "soapenv:Body") ++ops;
  }
  void end() {
    if (open.size() == 3 && open[1] == "soapenv:Body")
      end_of_op = penstock::soap::offset_of(parser);
    open.pop_back();
  }
};

void check_by_expat(const std::string& envelope) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate(nullptr), XML_ParserFree);
  Walk walk;
  walk.parser = parser.get();
  XML_SetUserData(parser.get(), &walk);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char**) {
        static_cast<Walk*>(data)->start(name);
      },
      [](void* data, const XML_Char*) { static_cast<Walk*>(data)->end(); });
  require(XML_Parse(parser.get(), envelope.data(), static_cast<int>(envelope.size()), XML_TRUE) ==
              XML_STATUS_OK,
          "the envelope round an accepted fragment is well-formed", envelope);
  require(walk.envelopes == 1 && walk.bodies == 1 && walk.ops == 1,
          "there is one Envelope with one Body with one operation", envelope);
  require(walk.end_of_op == envelope.size() - end_of_all.size(),
          "the end tag of the operation is ours", envelope);
}

void check_by_libxml2(const std::string& envelope) {
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      xmlReadMemory(envelope.data(), static_cast<int>(envelope.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
      xmlFreeDoc);
  xmlResetLastError();
  if (!document) return;  // stricter than Expat here and there: that harms nobody
  require(document->intSubset == nullptr, "there is no document type", envelope);
  const xmlNode* root = xmlDocGetRootElement(document.get());
  const xmlNode* header = xmlFirstElementChild(const_cast<xmlNode*>(root));
  const xmlNode* body = header == nullptr ? nullptr : header->next;
  require(body != nullptr && std::string_view(reinterpret_cast<const char*>(body->name)) == "Body",
          "libxml2 sees the Body", envelope);
  require(body->next == nullptr && root->next == nullptr, "libxml2 sees nothing behind the Body",
          envelope);
  require(body->children != nullptr && body->children == body->last &&
              std::string_view(reinterpret_cast<const char*>(body->children->name)) == "op",
          "libxml2 sees only the operation in the Body", envelope);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  const std::string_view fragment(reinterpret_cast<const char*>(data), size);
  if (!penstock::soap::check_xml_fragment(fragment).empty()) return 0;
  const std::string envelope = envelope_round(fragment);
  require(envelope.find(fragment) != std::string::npos, "not a byte of it is changed", envelope);
  check_by_expat(envelope);
  check_by_libxml2(envelope);
  return 0;
}
