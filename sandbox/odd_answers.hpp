#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox {

/// An answer as some server sends it that does not keep to RFC 9112. To a GET.
struct OddAnswer {
  std::string_view name;
  std::string bytes;  ///< status line and all; then the connection ends in order
};

const std::vector<OddAnswer>& odd_answers();

}  // namespace penstock::sandbox
