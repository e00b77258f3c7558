#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace penstock::upstream {

/// What a TLS handshake revealed about the server, for the message that explains its failure. Names
/// are printable ASCII.
struct TlsHandshake {
  int verify_error = 0;  ///< X509_V_ERR_…, of the first certificate that failed; 0: none
  int depth = 0;         ///< of that certificate; 0: the server's own
  std::string subject, issuer, valid_from, valid_until;  ///< of that certificate
  int certificates_sent = 0;
  std::vector<std::string> names;  ///< those that the server's own certificate is for
  int alert = -1;                  ///< last alert received (RFC 8446 section 6); -1: none
  bool client_certificate_wanted = false;
};

/// Records the handshakes of `context`, and later events on the same connection, in `into`.
void watch_handshake(SSL_CTX* context, std::shared_ptr<TlsHandshake> into);

/// Why a handshake with `host` failed, and what to do about it.
struct TlsFailure {
  std::string message;
  bool permanent = true;  ///< it will fail again until something is changed
};

/// `reason`: libcurl's error text; "" if there is none.
TlsFailure tls_error(const std::string& host, const TlsHandshake& handshake,
                     const std::string& reason);

/// The certificate is valid, but for another name.
TlsFailure wrong_name(const std::string& host, const TlsHandshake& handshake);

/// Why the server ended an established connection for a TLS reason (in TLS 1.3, it checks the
/// client's certificate late). Does not name the host. Empty: TLS was not the reason.
std::string late_tls_error(const TlsHandshake& handshake);

}  // namespace penstock::upstream
