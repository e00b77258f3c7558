// A caller's own SOAP envelope: the security header is added, and no other byte changes.
// libxml2, which shares no code with the parser, reads the envelope before and after.
#include <memory>
#include <vector>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "fuzz.hpp"
#include "soap/envelope.hpp"

namespace penstock::fuzz {
namespace {

constexpr std::string_view block =
    R"(<pst:Security xmlns:pst="urn:penstock">secret</pst:Security>)";

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

Document parse(const std::string& xml) {
  Document document(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
                    xmlFreeDoc);
  xmlResetLastError();
  return document;
}

std::string_view text(const xmlChar* bytes) {
  return bytes == nullptr ? std::string_view() : reinterpret_cast<const char*>(bytes);
}

/// How often the block stands right inside the Envelope's one Header.
int blocks_in_header(const Document& document) {
  const xmlNode* root = xmlDocGetRootElement(document.get());
  require(root != nullptr && text(root->name) == "Envelope", "libxml2 sees the Envelope");
  int found = 0, headers = 0, bodies = 0;
  for (const xmlNode* part = xmlFirstElementChild(const_cast<xmlNode*>(root)); part != nullptr;
       part = xmlNextElementSibling(const_cast<xmlNode*>(part))) {
    if (text(part->name) == "Body") ++bodies;
    if (text(part->name) != "Header") continue;
    ++headers;
    for (const xmlNode* one = xmlFirstElementChild(const_cast<xmlNode*>(part)); one != nullptr;
         one = xmlNextElementSibling(const_cast<xmlNode*>(one))) {
      if (text(one->name) == "Security" && one->ns != nullptr &&
          text(one->ns->href) == "urn:penstock")
        ++found;
    }
  }
  require(headers <= 1 && bodies == 1, "libxml2 sees one Header and one Body");
  return found;
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  using namespace penstock::soap;
  const std::string xml(reinterpret_cast<const char*>(data), size);
  const auto envelope = read_soap_envelope(xml);
  if (!envelope) {
    require(!envelope.error().empty(), "a refusal says why");
    return 0;
  }
  require(is_soap_envelope(xml), "what reads as an envelope looks like one", xml);
  require(envelope->body_begin <= envelope->body_end && envelope->body_end <= xml.size(),
          "the Body lies within the bytes");
  const auto signed_xml = add_header(xml, *envelope, block);
  if (!signed_xml) return 0;
  const std::string& out = *signed_xml;
  require(out.starts_with(std::string_view(xml).substr(0, envelope->header_begin)) &&
              out.ends_with(std::string_view(xml).substr(envelope->header_end)),
          "bytes ahead of and behind the header stay", out);
  require(out.size() == xml.size() - (envelope->header_end - envelope->header_begin) +
                            envelope->before_header.size() + block.size() +
                            envelope->after_header.size(),
          "nothing but the header is added", out);
  const auto again = read_soap_envelope(out);
  require(again.has_value(), "the envelope with a header is an envelope", out);
  require(again->body(out) == envelope->body(xml), "the Body's content stays", out);
  require(again->header_blocks.size() == envelope->header_blocks.size() + 1, "one block joins",
          out);
  const Document before = parse(xml), after = parse(out);
  if (before == nullptr) return 0;  // stricter than Expat here and there: that harms nobody
  require(before->intSubset == nullptr, "there is no document type", xml);
  require(after != nullptr, "libxml2 can read what it could read before", out);
  require(blocks_in_header(after) == blocks_in_header(before) + 1,
          "libxml2 sees the block in the Header", out);
  return 0;
}
