#pragma once

#include "state.hpp"

#include <chrono>

namespace penstock::sandbox {

/// A response, and how it is delivered to the client.
struct Delivery {
  Response response;
  std::chrono::milliseconds delay{0};
  std::optional<std::size_t> cut_after;  ///< close the connection after this many raw bytes
  bool reset = false;                    ///< reset the connection instead of responding
  std::optional<std::string> raw;        ///< the bytes to send instead of the response
};

/// Finds the vendor by Host and SNI, counts the call and applies the requested faults.
Delivery deliver(const Request& request, SandboxState& state);

/// The served hosts, which the certificate covers.
const std::vector<std::string>& host_names();

/// The control host for tests: ledger, faults, reset.
inline constexpr std::string_view control_host = "sandbox.penstock.test";
Response control(const Request& request, SandboxState& state);

}  // namespace penstock::sandbox
