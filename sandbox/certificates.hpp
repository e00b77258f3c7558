#pragma once

#include <string>
#include <vector>

namespace penstock::sandbox {

/// A certificate authority created at start, and the one server certificate that it signed. The
/// authority's key is already discarded; the server's key is in memory only.
struct Certificates {
  std::string authority_pem;
  std::string server_pem;
  std::string server_key_pem;
};

/// Uses EC P-256, valid for 30 days from an hour ago. Throws std::runtime_error if OpenSSL fails.
Certificates make_certificates(const std::vector<std::string>& host_names);

/// Writes a temporary file next to `path` and renames it, so that readers see only whole files;
/// creates missing folders. Throws std::runtime_error or a class derived from it.
void write_whole_file(const std::string& path, const std::string& content);

}  // namespace penstock::sandbox
