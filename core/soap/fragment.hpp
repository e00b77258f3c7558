#pragma once

#include <string>
#include <string_view>

namespace penstock::soap {

/// Checks what a caller puts into a SOAP Body, without changing it: well-formed UTF-8 content that
/// closes every element that it opens, and no other, so it cannot leave the Body. No document type,
/// no XML declaration, at most 200 levels and 64 attributes per element. Prefixes may be those of
/// the envelope. Empty: valid; else what is wrong, with line and column.
std::string check_xml_fragment(std::string_view xml);

}  // namespace penstock::soap
