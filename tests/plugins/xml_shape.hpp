#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::tests {

/// A document as a list of lines that are equal for two documents that mean the same: names with
/// their namespaces instead of prefixes, attributes sorted, white space around markup and namespace
/// declarations left out.
struct XmlShape {
  std::vector<std::string> lines;
  std::vector<std::string> names;  ///< the local names of all elements, in order
  std::string trouble;             ///< why it is not well-formed; empty: it is
};

XmlShape xml_shape(std::string_view document);

}  // namespace penstock::tests
