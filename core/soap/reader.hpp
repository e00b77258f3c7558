#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>

namespace penstock::soap {

// XML documents and fragments read with Expat: strict, no document type, no entity but the five of
// XML, 200 levels. What is not well-formed reads as far as it is.

/// The text of the first element whose local names lead there from the root; empty: there is none.
std::string text_at(std::string_view document, std::vector<std::string> path);

struct RootName {
  std::string ns, local;
};

/// The names of the first element, its prefix resolved by its own declarations, then by `scope`
/// (prefixes and namespaces; may be null).
RootName root_name(std::string_view document, const std::vector<Field>* scope);

}  // namespace penstock::soap
