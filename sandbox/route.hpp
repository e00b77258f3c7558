#pragma once

#include "world.hpp"

#include <chrono>

namespace penstock::sandbox {

/// An answer, and how it is to reach the client.
struct Delivery {
  Response response;
  std::chrono::milliseconds delay{0};
  std::optional<std::size_t> cut_after;  ///< end the connection after so many raw bytes
  bool reset = false;                    ///< reset the connection instead of answering
  std::optional<std::string> raw;        ///< the bytes to send in place of the response
};

/// Finds the vendor by Host and SNI, counts the call and applies the faults that were ordered.
Delivery deliver(const Request& request, World& world);

/// The hosts that are served: what the certificate is for.
const std::vector<std::string>& host_names();

/// The host for tests: ledger, faults, reset.
inline constexpr std::string_view control_host = "sandbox.penstock.test";
Response control(const Request& request, World& world);

}  // namespace penstock::sandbox
