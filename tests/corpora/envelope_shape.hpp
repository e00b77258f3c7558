#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::corpora {

/// What a vendor's parser sees of a SOAP request.
struct EnvelopeShape {
  std::string trouble;  ///< why it is not well-formed; empty: it is
  bool has_doctype = false;
  std::vector<std::string> children;  ///< of the root, local names
};

EnvelopeShape envelope_shape(std::string_view document);

}  // namespace penstock::corpora
