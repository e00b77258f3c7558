#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/result.hpp>

namespace penstock::soap {

/// Where the parts of a caller's own SOAP envelope (1.1 or 1.2) are, in bytes. The envelope itself
/// is never rewritten.
struct SoapEnvelope {
  std::size_t body_begin = 0, body_end = 0;  ///< the content of the Body

  /// Header blocks replace this range, between these two texts. The range is empty except for
  /// `<s:Header/>`, which has to be opened.
  std::size_t header_begin = 0, header_end = 0;
  std::string before_header, after_header;

  int body_elements = 0;   ///< direct children of the Body
  bool body_text = false;  ///< the Body has text other than white space

  std::vector<std::pair<std::string, std::string>> header_blocks;  ///< namespace and local name

  /// The prefixes in scope inside the Body, with their namespaces; "" is the default namespace.
  std::vector<Field> scope;

  std::string_view body(std::string_view envelope) const {
    return envelope.substr(body_begin, body_end - body_begin);
  }
};

/// Whether the first element of `xml` is a SOAP Envelope. Reads no further.
bool is_soap_envelope(std::string_view xml);

/// Reads a whole envelope: UTF-8, well-formed, all prefixes bound, no document type, one Body, at
/// most one Header before it, at most 200 levels and 64 attributes per element. The error says what
/// is wrong, with line and column where there is one.
Result<SoapEnvelope, std::string> read_soap_envelope(std::string_view xml);

/// Returns `xml` with header blocks (complete elements) added; every other byte is unchanged. Fails
/// if the envelope has such a block already, or if `blocks` is not well-formed.
Result<std::string, std::string> add_header(std::string_view xml, const SoapEnvelope& envelope,
                                            std::string_view blocks);

}  // namespace penstock::soap
