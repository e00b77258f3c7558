#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include <penstock/result.hpp>

namespace penstock::upstream {

/// The certificate authorities that vendors' certificates are verified against: those of `ca_file`,
/// or the system's if it is empty, plus those of `extra_ca_file`. Both are PEM files; a certificate
/// in them is trusted even if it is not a root. Parsing the system's file takes 60 ms, so a store
/// is created once, shared by all connections of the process, and created again when its files
/// change. The error is a sentence that names the file and the setting. [any-thread]
Result<std::shared_ptr<X509_STORE>, std::string> authorities(const std::string& ca_file,
                                                             const std::string& extra_ca_file);

}  // namespace penstock::upstream
