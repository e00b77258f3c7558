#pragma once

#include <string>
#include <vector>

namespace penstock::sandbox {

/// A certificate authority made at start, and the one server certificate it signed. The
/// authority's key is gone once this exists; the server's key is in memory only.
struct Certificates {
  std::string authority_pem;
  std::string server_pem;
  std::string server_key_pem;
};

/// EC P-256, valid for 30 days from an hour ago. Throws std::runtime_error if OpenSSL fails.
Certificates make_certificates(const std::vector<std::string>& host_names);

/// Writes beside `path` and renames, so that a reader sees a whole file; makes its folders.
/// Throws std::runtime_error or one of its kind.
void write_whole_file(const std::string& path, const std::string& content);

}  // namespace penstock::sandbox
