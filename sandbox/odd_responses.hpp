#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox {

/// A response to a GET, as real servers send it, that violates RFC 9112.
struct OddResponse {
  std::string_view name;
  std::string bytes;  ///< including the status line; then the connection is closed normally
};

const std::vector<OddResponse>& odd_responses();

}  // namespace penstock::sandbox
