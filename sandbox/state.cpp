#include "state.hpp"

#include "accounts.hpp"
#include "http_text.hpp"

#include <algorithm>
#include <openssl/rand.h>
#include <stdexcept>

namespace penstock::sandbox {

bool Vendor::admit(const std::string& endpoint, std::int64_t now) {
  auto& window = windows[endpoint];
  if (window.minute != now / 60) window = {now / 60, 0};
  return ++window.used <= rate_limit;
}

int Vendor::remaining(const std::string& endpoint, std::int64_t now) const {
  auto window = windows.find(endpoint);
  if (window == windows.end() || window->second.minute != now / 60) return rate_limit;
  return std::max(0, rate_limit - window->second.used);
}

bool WorkdayState::accepts(const std::string& access_token, std::int64_t now) const {
  auto found = access_tokens.find(access_token);
  return found != access_tokens.end() && now < found->second;
}

SandboxState::SandboxState(Settings chosen) : settings(chosen) { reset(); }

void SandboxState::reset() {
  connections = 0;
  vendors.clear();
  for (const char* name :
       {"hibob", "workday", "nmbrs", "nmbrs_rest", "taleo", "taleo_business", "hroffice"})
    vendors[name];
  hibob = {};
  workday = {};
  nmbrs = {};
  taleo_business = {};
  workday.refresh_token = accounts::workday::refresh_token;
}

std::string random_token() {
  unsigned char bytes[20];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no entropy");
  return hex({reinterpret_cast<char*>(bytes), sizeof bytes});
}

}  // namespace penstock::sandbox
