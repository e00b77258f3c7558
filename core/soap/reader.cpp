#include "soap/reader.hpp"

#include <algorithm>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "soap/expat.hpp"

namespace penstock::soap {
namespace {

std::string_view local_name(std::string_view qualified) {
  const std::size_t colon = qualified.rfind(':');
  return colon == std::string_view::npos ? qualified : qualified.substr(colon + 1);
}

void refuse_doctype(XML_Parser parser) {
  XML_SetStartDoctypeDeclHandler(
      parser, [](void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        XML_StopParser(*static_cast<XML_Parser*>(data), XML_FALSE);
      });
}

/// Reads the text of the first element at `path`: local names, from the root.
struct TextFinder {
  // First member: handlers that only stop the parser read it through the user data.
  XML_Parser parser = nullptr;
  std::vector<std::string> path;
  std::size_t depth = 0, matched = 0;
  bool inside = false;
  std::string text;

  void start(std::string_view name) {
    if (++depth > max_levels) {
      XML_StopParser(parser, XML_FALSE);
    } else if (matched + 1 == depth && matched < path.size() && local_name(name) == path[matched]) {
      inside = ++matched == path.size();
    }
  }
  void end() {
    if (inside && depth == path.size()) {
      XML_StopParser(parser, XML_FALSE);  // found: ignore the rest
      inside = false;
    }
    if (matched == depth) --matched;
    --depth;
  }
};

/// Reads the names of the first element. Its prefix is resolved by its own declarations, then by
/// those of the caller's envelope: a fragment may use prefixes that only the envelope binds, which
/// a namespace-aware parser would refuse.
struct RootNameReader {
  XML_Parser parser = nullptr;
  const std::vector<Field>* scope = nullptr;
  std::string ns, local;

  void start(std::string_view name, const XML_Char** attributes) {
    const std::size_t colon = name.find(':');
    const std::string wanted =
        colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
    local = local_name(name);
    if (scope != nullptr) {
      const std::string_view prefix =
          colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
      const auto bound = std::ranges::find(*scope, prefix, &Field::name);
      if (bound != scope->end()) ns = bound->value;
    }
    for (; attributes[0] != nullptr; attributes += 2) {
      if (wanted == attributes[0]) ns = attributes[1];
    }
    XML_StopParser(parser, XML_FALSE);
  }
};

template <class Reader>
void run(Reader& reader, std::string_view doc) {
  const Parser parser(XML_ParserCreate(nullptr));
  if (!parser) throw std::bad_alloc();
  reader.parser = parser.get();
  XML_SetUserData(parser.get(), &reader);
  refuse_doctype(parser.get());
  if constexpr (std::is_same_v<Reader, TextFinder>) {
    XML_SetElementHandler(
        parser.get(),
        [](void* data, const XML_Char* name, const XML_Char**) {
          static_cast<Reader*>(data)->start(name);
        },
        [](void* data, const XML_Char*) { static_cast<Reader*>(data)->end(); });
    XML_SetCharacterDataHandler(parser.get(), [](void* data, const XML_Char* text, int length) {
      auto* self = static_cast<Reader*>(data);
      if (self->inside) self->text.append(text, static_cast<std::size_t>(length));
    });
  } else {
    XML_SetStartElementHandler(parser.get(),
                               [](void* data, const XML_Char* name, const XML_Char** attributes) {
                                 static_cast<Reader*>(data)->start(name, attributes);
                               });
  }
  XML_Parse(parser.get(), doc.data(),
            static_cast<int>(std::min<std::size_t>(doc.size(), INT32_MAX)), XML_TRUE);
}

}  // namespace

std::string text_at(std::string_view document, std::vector<std::string> path) {
  TextFinder reader;
  reader.path = std::move(path);
  run(reader, document);
  return std::move(reader.text);
}

RootName root_name(std::string_view document, const std::vector<Field>* scope) {
  RootNameReader reader;
  reader.scope = scope;
  run(reader, document);
  return {std::move(reader.ns), std::move(reader.local)};
}

}  // namespace penstock::soap
