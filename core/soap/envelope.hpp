#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock::soap {

/// A caller's own SOAP envelope (1.1 or 1.2), read and never written: where its parts lie.
struct SoapEnvelope {
  std::size_t body_begin = 0, body_end = 0;  ///< the content of its Body

  /// Header blocks are put in place of these bytes, between these two texts. The range is empty but
  /// for `<s:Header/>`, which has to be opened.
  std::size_t header_begin = 0, header_end = 0;
  std::string before_header, after_header;

  int body_elements = 0;   ///< right inside the Body
  bool body_text = false;  ///< more than white space stands beside them

  std::vector<std::pair<std::string, std::string>> header_blocks;  ///< namespace and local name

  /// The prefixes in scope inside the Body, and their namespaces; "" is the default namespace.
  std::vector<Field> scope;

  std::string_view body(std::string_view envelope) const {
    return envelope.substr(body_begin, body_end - body_begin);
  }
};

/// Whether the first element of `xml` is a SOAP Envelope. Reads no further.
bool is_soap_envelope(std::string_view xml);

/// Reads a whole envelope: UTF-8, well-formed, namespaces bound, no document type, one Body, a
/// Header ahead of it at most, 200 levels, 64 attributes of an element. Else what is wrong, with
/// line and column.
Result<SoapEnvelope, std::string> read_soap_envelope(std::string_view xml);

/// `xml` with header blocks (complete elements) added; every other byte stays. Fails where the
/// envelope has such a block already.
Result<std::string, std::string> add_header(std::string_view xml, const SoapEnvelope& envelope,
                                            std::string_view blocks);

}  // namespace penstock::soap
