#pragma once

#include <cstdint>
#include <string>

namespace penstock::soak {

/// The vendors' side, in a process of its own: cheap, with real TLS. It ends with its parent.
///
///     …/hang            is never answered
///     …/renew/N         401 to a token whose number leaves the remainder N when halved
///     …/token           a fresh token, numbered, with the next refresh token; 400 to any refresh
///     token
///                       but the one given last
///     anything else     200 and some JSON
class VendorProcess {
 public:
  VendorProcess();
  ~VendorProcess();
  VendorProcess(const VendorProcess&) = delete;
  VendorProcess& operator=(const VendorProcess&) = delete;

  std::string hibob() const { return "127.0.0.1:" + std::to_string(ports_[0]); }
  std::string workday() const { return "127.0.0.1:" + std::to_string(ports_[1]); }
  /// Where files are that callers name; of the host localhost.
  std::uint16_t files_port() const { return ports_[2]; }

  static constexpr const char* workday_host = "wd5-impl-services1.workday.com";
  static constexpr const char* first_refresh_token = "r0";

 private:
  int pid_ = -1;
  std::uint16_t ports_[3] = {};
};

}  // namespace penstock::soak
