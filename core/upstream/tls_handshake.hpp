#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace penstock::upstream {

/// What a TLS handshake showed of the other side, for the sentence that tells why it failed. Names
/// are printable ASCII.
struct TlsHandshake {
  int verify_error = 0;  ///< X509_V_ERR_…, of the first certificate that failed; 0: none
  int depth = 0;         ///< of that certificate; 0: the server's own
  std::string subject, issuer, valid_from, valid_until;  ///< of that certificate
  int certificates_sent = 0;
  std::vector<std::string> names;  ///< that the server's own certificate is for
  int alert = -1;                  ///< the last that was received (RFC 8446 section 6); -1: none
  bool client_certificate_wanted = false;
};

/// Records the handshakes of `context`, and what follows on the same connection, in `into`.
void watch_handshake(SSL_CTX* context, std::shared_ptr<TlsHandshake> into);

/// Why a handshake with `host` failed, and what to do about it.
struct TlsTrouble {
  std::string message;
  bool permanent = true;  ///< it will fail again until somebody has changed something
};

/// `reason`: libcurl's error text, "" where there is none.
TlsTrouble tls_trouble(const std::string& host, const TlsHandshake& seen,
                       const std::string& reason);

/// The certificate is sound, and of another name.
TlsTrouble wrong_name(const std::string& host, const TlsHandshake& seen);

/// The server ended a connection that was made already, because of TLS (in TLS 1.3 it judges the
/// client's certificate late). Without the
/// host's name, empty: that was not why.
std::string late_tls_trouble(const TlsHandshake& seen);

}  // namespace penstock::upstream
