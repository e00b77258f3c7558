#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Takes secrets out of text by their value, in every form in which text of ours, or a vendor's that
/// we quote, could carry them: raw, percent-encoded in either case, form-encoded, XML-escaped by
/// name or number, JSON-escaped, in hex, and in base64 and base64url at each of three alignments.
class Masker {
 public:
  /// Values of fewer than 4 bytes are not masked: they stand everywhere.
  void add(std::string_view secret);
  bool empty() const { return needles_.empty(); }

  std::string mask(std::string text) const;

 private:
  void add_form(std::string form);
  std::vector<std::string> needles_;  ///< longest first
};

}  // namespace penstock
