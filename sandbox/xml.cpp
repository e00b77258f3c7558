#include "xml.hpp"

#include "http_text.hpp"

#include <expat.h>
#include <memory>

namespace penstock::sandbox {
namespace {

// XML 1.0 forbids this character, so no namespace can hold it.
constexpr char separator = '\x1f';
constexpr std::size_t deepest = 200;

struct Reader {
  XML_Parser parser;
  std::vector<Element> open;
  std::optional<Element> root;
  std::string problem;

  void refuse(std::string why) {
    problem = std::move(why);
    XML_StopParser(parser, XML_FALSE);
  }
};

void split_name(const char* whole, std::string& ns, std::string& name) {
  std::string_view text{whole};
  auto at = text.rfind(separator);
  if (at != std::string_view::npos) ns = text.substr(0, at);
  name = at == std::string_view::npos ? text : text.substr(at + 1);
}

void on_start(void* data, const char* name, const char** attributes) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.size() == deepest) return reader.refuse("nested too deep");
  Element element;
  split_name(name, element.ns, element.name);
  for (; *attributes; attributes += 2) {
    Element::Attribute attribute;
    split_name(attributes[0], attribute.ns, attribute.name);
    attribute.value = attributes[1];
    element.attributes.push_back(std::move(attribute));
  }
  reader.open.push_back(std::move(element));
}

void on_end(void* data, const char*) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.empty()) return;
  Element done = std::move(reader.open.back());
  reader.open.pop_back();
  if (reader.open.empty())
    reader.root = std::move(done);
  else
    reader.open.back().children.push_back(std::move(done));
}

void on_text(void* data, const char* text, int size) {
  auto& reader = *static_cast<Reader*>(data);
  if (!reader.open.empty()) reader.open.back().text.append(text, static_cast<std::size_t>(size));
}

void on_doctype(void* data, const char*, const char*, const char*, int) {
  static_cast<Reader*>(data)->refuse("a DOCTYPE is not allowed");
}

}  // namespace

bool Element::is(std::string_view wanted_ns, std::string_view wanted_name) const {
  return ns == wanted_ns && name == wanted_name;
}

const Element* Element::child(std::string_view wanted_ns, std::string_view wanted_name) const {
  for (const auto& element : children)
    if (element.is(wanted_ns, wanted_name)) return &element;
  return nullptr;
}

const std::string* Element::attribute(std::string_view wanted_ns,
                                      std::string_view wanted_name) const {
  for (const auto& each : attributes)
    if (each.ns == wanted_ns && each.name == wanted_name) return &each.value;
  return nullptr;
}

std::optional<std::string> Element::child_text(std::string_view wanted_ns,
                                               std::string_view wanted_name) const {
  const Element* found = child(wanted_ns, wanted_name);
  return found ? std::optional{std::string{trimmed(found->text)}} : std::nullopt;
}

XmlDocument parse_xml(std::string_view text) {
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser{
      XML_ParserCreateNS(nullptr, separator), &XML_ParserFree};
  Reader reader{parser.get()};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK)
    return {std::move(reader.root), {}};
  if (reader.problem.empty()) {
    reader.problem = XML_ErrorString(XML_GetErrorCode(parser.get()));
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
    const auto line = XML_GetCurrentLineNumber64(parser.get());
#else
    const auto line = XML_GetCurrentLineNumber(parser.get());
#endif
    reader.problem += " in line " + std::to_string(line);
  }
  return {std::nullopt, std::move(reader.problem)};
}

std::string xml_text(std::string_view plain) {
  std::string out;
  for (char c : plain) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

}  // namespace penstock::sandbox
