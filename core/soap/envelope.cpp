#include "soap/envelope.hpp"

#include <algorithm>
#include <optional>

#include <penstock/text.hpp>

#include "soap/expat.hpp"

namespace penstock::soap {
namespace {

constexpr XML_Char separator = '\n';  // cannot occur in a namespace name: attributes normalise it

std::pair<std::string_view, std::string_view> split(std::string_view name) {
  const std::size_t at = name.find(separator);
  return at == std::string_view::npos ? std::pair(std::string_view(), name)
                                      : std::pair(name.substr(0, at), name.substr(at + 1));
}

bool is_soap(std::string_view ns) {
  return ns == "http://schemas.xmlsoap.org/soap/envelope/" ||
         ns == "http://www.w3.org/2003/05/soap-envelope";
}

/// One pass over an envelope or, with blocks_only, over header blocks inside a wrapper element.
struct EnvelopeScanner {
  XML_Parser parser = nullptr;
  std::string_view xml;
  bool blocks_only = false;
  std::string problem;

  int depth = 0;
  std::string soap_ns, prefix;  ///< of the Envelope; the prefix includes its colon
  bool in_header = false, in_body = false, seen_body = false, stop_at_root = false;
  std::optional<std::size_t> body_tag;  ///< offset of the Body's start tag
  bool has_header = false;
  std::vector<Field> bindings;  ///< in scope now, the newest last
  SoapEnvelope out;

  std::size_t at() const { return offset_of(parser); }
  std::string_view tag() const { return xml.substr(at(), length_of(parser)); }
  void stop(std::string why) {
    if (problem.empty()) problem = std::move(why);
    XML_StopParser(parser, XML_FALSE);
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (const char* exceeded = check_limits(++depth, attributes)) return stop(exceeded);
    const auto [ns, local] = split(name);
    if (blocks_only) {
      if (depth == 2) out.header_blocks.emplace_back(ns, local);
    } else if (depth == 1) {
      read_root(ns, local);
    } else if (depth == 2) {
      read_part(ns, local);
    } else if (depth == 3 && in_header) {
      out.header_blocks.emplace_back(ns, local);
    } else if (depth == 3) {
      ++out.body_elements;
    }
  }

  void read_root(std::string_view ns, std::string_view local) {
    if (local != "Envelope" || !is_soap(ns)) return stop("is not a SOAP envelope");
    soap_ns = ns;
    const std::string_view text = tag();
    const std::size_t colon = text.find(':');
    if (colon < text.find_first_of(" \t\r\n/>")) prefix = text.substr(1, colon);
    if (stop_at_root) XML_StopParser(parser, XML_FALSE);
  }

  void read_part(std::string_view ns, std::string_view local) {
    if (ns != soap_ns || (local != "Header" && local != "Body"))
      return stop("has an element other than Header and Body in its Envelope");
    const bool empty = tag().ends_with("/>");
    const std::size_t end = at() + tag().size();
    if (local == "Header") {
      if (has_header || seen_body) return stop("has more than one Header, or one behind its Body");
      has_header = in_header = true;
      const std::string name(tag().substr(1, tag().find_first_of(" \t\r\n/>") - 1));
      out.header_begin = empty ? end - 2 : end;
      out.header_end = end;
      out.before_header = empty ? ">" : "";
      out.after_header = empty ? "</" + name + ">" : "";
      return;
    }
    if (seen_body) return stop("has more than one Body");
    seen_body = in_body = true;
    body_tag = at();
    out.body_begin = end;
    if (empty) out.body_end = end;
    for (auto binding = bindings.rbegin(); binding != bindings.rend(); ++binding) {
      if (std::ranges::find(out.scope, binding->name, &Field::name) == out.scope.end())
        out.scope.push_back(*binding);
    }
  }

  void end() {
    if (depth == 2 && in_body) {
      in_body = false;
      out.body_end = std::max(out.body_begin, at());
    }
    if (depth == 2) in_header = false;
    --depth;
  }

  void text(std::string_view characters) {
    if (blocks_only || characters.find_first_not_of(" \t\r\n") == characters.npos) return;
    if (depth == 1) stop("has text between Header and Body");
    if (depth == 2 && in_body) out.body_text = true;
  }
};

EnvelopeScanner& scanner_of(void* data) { return *static_cast<EnvelopeScanner*>(data); }

Parser make_parser(EnvelopeScanner& scanner) {
  Parser parser(XML_ParserCreateNS("UTF-8", separator));
  scanner.parser = parser.get();
  XML_SetUserData(parser.get(), &scanner);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char** attributes) {
        scanner_of(data).start(name, attributes);
      },
      [](void* data, const XML_Char*) { scanner_of(data).end(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const XML_Char* text, int length) {
    scanner_of(data).text({text, static_cast<std::size_t>(length)});
  });
  XML_SetNamespaceDeclHandler(
      parser.get(),
      [](void* data, const XML_Char* prefix, const XML_Char* uri) {
        scanner_of(data).bindings.push_back(
            {prefix == nullptr ? "" : prefix, uri == nullptr ? "" : uri});
      },
      [](void* data, const XML_Char*) { scanner_of(data).bindings.pop_back(); });
  XML_SetStartDoctypeDeclHandler(
      parser.get(), [](void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        scanner_of(data).stop("has a document type, which SOAP forbids");
      });
  XML_SetXmlDeclHandler(parser.get(),
                        [](void* data, const XML_Char*, const XML_Char* encoding, int) {
                          // The parser reads UTF-8 in any case; the vendor would use the declared
                          // encoding.
                          if (encoding != nullptr && !equal_ignoring_case(encoding, "utf-8"))
                            scanner_of(data).stop("is declared in an encoding other than UTF-8");
                        });
  return parser;
}

std::string place(XML_Parser parser) {
  return position_text(line_of(parser), column_of(parser) + 1);
}

/// Returns the problem, with line and column, or an empty string.
std::string parse(EnvelopeScanner& scanner, XML_Parser parser, std::string_view xml, bool last) {
  if (is_too_large(xml)) return "is too large";
  const XML_Status status =
      XML_Parse(parser, xml.data(), static_cast<int>(xml.size()), last ? XML_TRUE : XML_FALSE);
  if (!scanner.problem.empty()) return scanner.problem + place(parser);
  if (status == XML_STATUS_OK) return {};
  return not_well_formed(parser) + place(parser);
}

}  // namespace

bool is_soap_envelope(std::string_view xml) {
  EnvelopeScanner scanner;
  scanner.xml = xml;
  scanner.stop_at_root = true;
  const Parser parser = make_parser(scanner);
  (void)parse(scanner, parser.get(), xml, false);
  return !scanner.soap_ns.empty();
}

Result<SoapEnvelope, std::string> read_soap_envelope(std::string_view xml) {
  EnvelopeScanner scanner;
  scanner.xml = xml;
  const Parser parser = make_parser(scanner);
  std::string problem = parse(scanner, parser.get(), xml, true);
  if (!problem.empty()) return failure(std::move(problem));
  if (!scanner.seen_body) return failure(std::string("has no Body"));
  if (!scanner.has_header) {
    scanner.out.header_begin = scanner.out.header_end = *scanner.body_tag;
    scanner.out.before_header = "<" + scanner.prefix + "Header>";
    scanner.out.after_header = "</" + scanner.prefix + "Header>";
  }
  return std::move(scanner.out);
}

Result<std::string, std::string> add_header(std::string_view xml, const SoapEnvelope& envelope,
                                            std::string_view blocks) {
  if (blocks.empty()) return std::string(xml);
  EnvelopeScanner added;
  added.blocks_only = true;
  const Parser parser = make_parser(added);
  const std::string inside = "<h>" + std::string(blocks) + "</h>";
  added.xml = inside;
  if (!parse(added, parser.get(), inside, true).empty())
    return failure(
        std::string("cannot contain the plugin's header blocks: they are not well-formed"));
  for (const auto& block : added.out.header_blocks) {
    if (std::ranges::find(envelope.header_blocks, block) != envelope.header_blocks.end()) {
      return failure("has a " + block.second +
                     " of its own in its Header; remove it: the engine adds the connection's");
    }
  }
  std::string out;
  out.reserve(xml.size() + blocks.size() + 64);
  out.append(xml.substr(0, envelope.header_begin)).append(envelope.before_header);
  out.append(blocks).append(envelope.after_header).append(xml.substr(envelope.header_end));
  return out;
}

}  // namespace penstock::soap
