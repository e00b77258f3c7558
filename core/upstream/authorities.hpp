#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include <penstock/result.hpp>

namespace penstock::upstream {

/// The certificate authorities that a vendor's certificate may come from: those of `ca_file`, or
/// the system's where that is empty, and those of `extra_ca_file` besides. PEM files; a certificate
/// in them is trusted even where it is not a root. Parsing the system's takes 60 ms: a store is
/// made once, shared by all connections of the process, and made anew when its files change. The
/// error is a sentence that names the file and the setting. [any-thread]
Result<std::shared_ptr<X509_STORE>, std::string> authorities(const std::string& ca_file,
                                                             const std::string& extra_ca_file);

}  // namespace penstock::upstream
