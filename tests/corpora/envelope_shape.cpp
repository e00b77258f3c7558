#include "envelope_shape.hpp"

#include <memory>
#include <type_traits>

#include <expat.h>

namespace penstock::corpora {
namespace {

struct ParserFree {
  void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};

struct Walk {
  EnvelopeShape shape;
  int depth = 0;
};

Walk& walk(void* data) { return *static_cast<Walk*>(data); }

}  // namespace

EnvelopeShape envelope_shape(std::string_view document) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserFree> parser(
      XML_ParserCreate(nullptr));
  Walk state;
  XML_SetUserData(parser.get(), &state);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char**) {
        const std::string_view qualified = name;
        if (++walk(data).depth == 2)
          walk(data).shape.children.emplace_back(qualified.substr(qualified.find(':') + 1));
      },
      [](void* data, const XML_Char*) { --walk(data).depth; });
  XML_SetStartDoctypeDeclHandler(parser.get(),
                                 [](void* data, const XML_Char*, const XML_Char*, const XML_Char*,
                                    int) { walk(data).shape.has_doctype = true; });
  if (XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), XML_TRUE) !=
      XML_STATUS_OK)
    state.shape.trouble = XML_ErrorString(XML_GetErrorCode(parser.get()));
  return state.shape;
}

}  // namespace penstock::corpora
