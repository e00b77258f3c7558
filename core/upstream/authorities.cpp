#include "upstream/authorities.hpp"

#include <array>
#include <map>
#include <mutex>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <penstock/read_file.hpp>
#include <sys/stat.h>

namespace penstock::upstream {
namespace {

using Store = std::shared_ptr<X509_STORE>;

constexpr const char* system_authorities = "/etc/ssl/certs/ca-certificates.crt";

/// Detects a changed file: renewed files are rewritten or replaced.
struct Version {
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  friend bool operator==(const Version& a, const Version& b) {
    return a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

Version version_of(const std::string& file) {
  struct stat facts {};
  if (file.empty() || ::stat(file.c_str(), &facts) != 0) return {};
  return {facts.st_ino, facts.st_size, facts.st_mtim};
}

constexpr std::size_t max_ca_file = 64U << 20U;

std::string read_error_of(const std::string& file) {
  const auto read = read_file(file, max_ca_file);
  return read ? " contains no certificate" : read.error();
}

Result<Store, std::string> load(const std::string& ca_file, const std::string& extra_ca_file) {
  Store store(X509_STORE_new(), &X509_STORE_free);
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const auto add = [&](const std::string& file) {
    const bool added = X509_STORE_load_file(store.get(), file.c_str()) == 1;
    ERR_clear_error();
    return added;
  };
  if (ca_file.empty() && !add(system_authorities)) {
    return failure("this system has no certificate authorities (" +
                   std::string(system_authorities) +
                   "): install ca-certificates, or set upstream.ca_file");
  }
  if (!ca_file.empty() && !add(ca_file))
    return failure("upstream.ca_file " + ca_file + read_error_of(ca_file));
  if (!extra_ca_file.empty() && !add(extra_ca_file)) {
    return failure("upstream.extra_ca_file " + extra_ca_file + read_error_of(extra_ca_file));
  }
  return store;
}

}  // namespace

Result<Store, std::string> authorities(const std::string& ca_file,
                                       const std::string& extra_ca_file) {
  struct Cached {
    std::array<Version, 2> versions;
    Store store;
  };
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, Cached> cache;
  const std::array versions = {version_of(ca_file.empty() ? system_authorities : ca_file),
                               version_of(extra_ca_file)};
  const std::scoped_lock lock(mutex);
  Cached& cached = cache[{ca_file, extra_ca_file}];
  if (cached.store && cached.versions == versions) return cached.store;
  auto loaded = load(ca_file, extra_ca_file);
  if (loaded) cached = {versions, *loaded};
  return loaded;
}

}  // namespace penstock::upstream
