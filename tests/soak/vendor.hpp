#pragma once

#include <cstdint>
#include <string>

namespace penstock::soak {

/// The vendors' side, in a process of its own: cheap, with real TLS. It ends with its parent.
///
///     …/hang            is never answered
///     …/renew/N         401 to a token whose number leaves the remainder N when halved
///     …/token           a fresh token, numbered
///     anything else     200 and some JSON
class VendorProcess {
 public:
  VendorProcess();
  ~VendorProcess();
  VendorProcess(const VendorProcess&) = delete;
  VendorProcess& operator=(const VendorProcess&) = delete;

  std::string hibob() const { return "127.0.0.1:" + std::to_string(ports_[0]); }
  std::string workday() const { return "127.0.0.1:" + std::to_string(ports_[1]); }

  static constexpr const char* workday_host = "wd5-impl-services1.workday.com";

 private:
  int pid_ = -1;
  std::uint16_t ports_[2] = {};
};

}  // namespace penstock::soak
