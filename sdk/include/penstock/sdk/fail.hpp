#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace penstock::sdk {

/// Thrown by fail(); ends the invocation with PST_FAILED.
struct Failure {
  std::int32_t kind;  ///< PST_E_*
  std::string message, vendor_code;
};

/// Ends the invocation with PST_FAILED. `message` is shown to the caller and must not contain a
/// secret. `kind` is PST_E_*.
[[noreturn]] inline void fail(std::int32_t kind, std::string message,
                              std::string vendor_code = {}) {
  throw Failure{kind, std::move(message), std::move(vendor_code)};
}

}  // namespace penstock::sdk
