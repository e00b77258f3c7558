#pragma once

#include <string>
#include <string_view>

namespace penstock::soap {

/// Checks what a caller puts into a SOAP Body, without changing a byte of it: well-formed content
/// in UTF-8 that ends where it began. No way out of the Body, no document type, no XML declaration,
/// at most 200 levels and 64 attributes of an element. Prefixes may be the envelope's. Empty: fine;
/// else what is wrong, with line and column.
std::string check_xml_fragment(std::string_view xml);

}  // namespace penstock::soap
