#include "soap/fragment.hpp"

#include <algorithm>

#include "soap/expat.hpp"

namespace penstock::soap {
namespace {

struct FragmentScanner {
  XML_Parser parser = nullptr;
  int depth = 0;
  const char* problem = nullptr;

  /// Checks a top-level element of the fragment: the Envelope, Header and Body do not belong inside
  /// a Body.
  void check_root(std::string_view name) {
    const std::size_t colon = name.find(':');
    const std::string_view local = name.substr(colon == name.npos ? 0 : colon + 1);
    const std::string_view prefix = name.substr(0, colon == name.npos ? 0 : colon);
    const bool is_soap = prefix == "soapenv" || prefix == "soap" || prefix == "SOAP-ENV" ||
                         prefix == "env" || prefix == "s" || prefix == "soap12";
    if (local == "Envelope") {
      stop("is a whole SOAP envelope; send only the content of its Body, or send the envelope "
           "through /v1/proxy");
    } else if (is_soap && local == "Header") {
      stop("has a SOAP Header, which the engine writes; send only the content of the Body");
    } else if (is_soap && local == "Body") {
      stop("is a SOAP Body, which the engine writes; send only its content");
    }
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (depth == 1) check_root(name);
    if (const char* exceeded = check_limits(++depth, attributes)) stop(exceeded);
  }

  void stop(const char* why) {
    if (problem != nullptr) return;
    problem = why;
    XML_StopParser(parser, XML_FALSE);
  }
};

FragmentScanner& scanner_of(void* data) { return *static_cast<FragmentScanner*>(data); }

/// Detects what may precede a document, but not inside a Body. Empty: nothing.
std::string check_prolog(std::string_view xml) {
  if (xml.starts_with("\xEF\xBB\xBF")) return "begins with a byte order mark (U+FEFF); remove it";
  if (xml.starts_with("\xFF\xFE") || xml.starts_with("\xFE\xFF"))
    return "is UTF-16; write it in UTF-8, without a byte order mark";
  xml.remove_prefix(std::min(xml.find_first_not_of(" \t\r\n"), xml.size()));
  if (xml.starts_with("<?xml") && xml.find_first_of(" \t\r\n?", 5) == 5)
    return "begins with an XML declaration, which is not allowed inside the SOAP Body; remove "
           "<?xml …?>";
  if (xml.starts_with("<!DOCTYPE")) return "has a document type, which SOAP forbids; remove it";
  return {};
}

}  // namespace

std::string check_xml_fragment(std::string_view xml) {
  if (std::string problem = check_prolog(xml); !problem.empty()) return problem;
  constexpr std::string_view open = "<b>", close = "</b>";
  if (is_too_large(xml)) return "is too large";
  const Parser parser(XML_ParserCreate("UTF-8"));
  FragmentScanner scanner;
  scanner.parser = parser.get();
  XML_SetUserData(parser.get(), &scanner);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char** attributes) {
        scanner_of(data).start(name, attributes);
      },
      [](void* data, const XML_Char*) {
        // Only this function may close the element that stands in for the Body.
        FragmentScanner& fragment = scanner_of(data);
        if (--fragment.depth == 0) fragment.stop("closes an element that it did not open");
      });
  XML_Parse(parser.get(), open.data(), static_cast<int>(open.size()), XML_FALSE);
  const auto place = [&] {
    const std::size_t line = line_of(parser.get());
    const std::size_t column = column_of(parser.get()) + 1 - (line == 1 ? open.size() : 0);
    return position_text(line, column);
  };
  const XML_Status parsed =
      XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), XML_FALSE);
  if (scanner.problem != nullptr) return scanner.problem + place();
  if (parsed != XML_STATUS_OK) return not_well_formed(parser.get()) + place();
  if (scanner.depth != 1) return "does not close an element that it opens" + place();
  XML_SetElementHandler(parser.get(), nullptr, nullptr);
  if (XML_Parse(parser.get(), close.data(), static_cast<int>(close.size()), XML_TRUE) !=
      XML_STATUS_OK) {
    return "ends too early" + place();
  }
  return {};
}

}  // namespace penstock::soap
