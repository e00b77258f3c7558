#include "xml_shape.hpp"

#include <algorithm>

#include <expat.h>

namespace penstock::tests {
namespace {

// Between a namespace and a name: a character that no document can hold.
constexpr char between = '\x01';

struct Reader {
  XmlShape shape;
  std::string text;

  void flush() {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos) {
      shape.lines.push_back(
          "\"" + text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1) + "\"");
    }
    text.clear();
  }
  void start(const XML_Char* name, const XML_Char** attributes) {
    flush();
    std::vector<std::string> sorted;
    for (; attributes[0] != nullptr; attributes += 2) {
      sorted.push_back(std::string(attributes[0]) + "=" + attributes[1]);
    }
    std::ranges::sort(sorted);
    std::string line = std::string("<") + name;
    shape.names.push_back(
        line.substr(line.find(between) == line.npos ? 1 : line.find(between) + 1));
    for (const std::string& attribute : sorted)
      line += " " + attribute;
    std::ranges::replace(line, between, ' ');
    shape.lines.push_back(line);
  }
  void end() {
    flush();
    shape.lines.emplace_back(">");
  }
};

}  // namespace

XmlShape xml_shape(std::string_view document) {
  Reader reader;
  XML_Parser parser = XML_ParserCreateNS(nullptr, between);
  XML_SetUserData(parser, &reader);
  XML_SetElementHandler(
      parser,
      [](void* data, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Reader*>(data)->start(name, attributes);
      },
      [](void* data, const XML_Char*) { static_cast<Reader*>(data)->end(); });
  XML_SetCharacterDataHandler(parser, [](void* data, const XML_Char* text, int length) {
    static_cast<Reader*>(data)->text.append(text, static_cast<std::size_t>(length));
  });
  if (XML_Parse(parser, document.data(), static_cast<int>(document.size()), XML_TRUE) !=
      XML_STATUS_OK) {
    reader.shape.trouble = XML_ErrorString(XML_GetErrorCode(parser));
  }
  XML_ParserFree(parser);
  return reader.shape;
}

}  // namespace penstock::tests
