#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox {

/// An XML element with resolved names; `text` is its own character data, without its children's.
struct Element {
  struct Attribute {
    std::string ns;
    std::string name;
    std::string value;
  };

  std::string ns;
  std::string name;
  std::vector<Attribute> attributes;
  std::string text;
  std::vector<Element> children;

  bool is(std::string_view wanted_ns, std::string_view wanted_name) const;
  const Element* child(std::string_view wanted_ns, std::string_view wanted_name) const;
  const std::string* attribute(std::string_view wanted_ns, std::string_view wanted_name) const;
  /// The trimmed text of that child; nullopt if there is no such child.
  std::optional<std::string> child_text(std::string_view wanted_ns,
                                        std::string_view wanted_name) const;
};

/// The document's root, or what is wrong with it. A DOCTYPE is rejected, as is nesting beyond 200.
struct XmlDocument {
  std::optional<Element> root;
  std::string problem;
};
XmlDocument parse_xml(std::string_view text);

/// Escapes for text and for attributes in double quotes.
std::string xml_text(std::string_view plain);

}  // namespace penstock::sandbox
