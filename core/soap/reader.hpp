#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>

namespace penstock::soap {

// Reads XML documents and fragments with Expat: strict, no document type, no entities but XML's
// five, at most 200 levels. If a document is not well-formed, the part before the error is used.

/// The text of the first element at `path` (local names, from the root); empty: there is none.
std::string text_at(std::string_view document, std::vector<std::string> path);

struct RootName {
  std::string ns, local;
};

/// The names of the first element. Its prefix is resolved by its own declarations, then by `scope`
/// (prefixes and namespaces; may be null).
RootName root_name(std::string_view document, const std::vector<Field>* scope);

}  // namespace penstock::soap
