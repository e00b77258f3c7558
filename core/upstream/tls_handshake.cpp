#include "upstream/tls_handshake.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <penstock/hex.hpp>

namespace penstock::upstream {
namespace {

constexpr std::size_t max_name = 200;
constexpr std::size_t max_names = 5;

// Marks the OpenSSL error in libcurl's text: "error:0A000152:SSL routines::…".
constexpr std::string_view error_mark = "error:";

void forget(void*, void* held, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::shared_ptr<TlsHandshake>*>(held);
}

int record_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &forget);
  return index;
}

/// The record is owned by the context: a connection's TLS events may outlive the attempt that made
/// it.
TlsHandshake* record_of(const SSL* tls) {
  const auto* held = static_cast<std::shared_ptr<TlsHandshake>*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), record_index()));
  return held == nullptr ? nullptr : held->get();
}

/// The output of `print`, truncated to a length that suits a sentence.
template <class Print>
std::string printed(Print print) {
  BIO* memory = BIO_new(BIO_s_mem());
  print(memory);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string out(text, std::min(static_cast<std::size_t>(std::max(size, 0L)), max_name));
  BIO_free(memory);
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

std::string name_text(const X509_NAME* name) {
  return printed([&](BIO* into) { X509_NAME_print_ex(into, name, 0, XN_FLAG_RFC2253); });
}

std::string time_text(const ASN1_TIME* time) {
  return printed([&](BIO* into) { ASN1_TIME_print(into, time); });
}

std::vector<std::string> names_in(const X509* certificate) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && out.size() <= max_names; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    out.push_back(printed([&](BIO* into) {
      BIO_write(into, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    }));
  }
  GENERAL_NAMES_free(names);
  return out;
}

int on_certificate(int good, X509_STORE_CTX* verification) {
  const auto* tls = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsHandshake* handshake = tls == nullptr ? nullptr : record_of(tls);
  if (handshake == nullptr) return good;
  const X509* certificate = X509_STORE_CTX_get_current_cert(verification);
  const int depth = X509_STORE_CTX_get_error_depth(verification);
  if (handshake->names.empty()) {
    if (const X509* own = X509_STORE_CTX_get0_cert(verification)) handshake->names = names_in(own);
  }
  if (good == 1 || handshake->verify_error != X509_V_OK) return good;
  handshake->verify_error = X509_STORE_CTX_get_error(verification);
  handshake->depth = depth;
  handshake->certificates_sent = sk_X509_num(X509_STORE_CTX_get0_untrusted(verification));
  if (certificate == nullptr) return good;
  handshake->subject = name_text(X509_get_subject_name(certificate));
  handshake->issuer = name_text(X509_get_issuer_name(certificate));
  handshake->valid_from = time_text(X509_get0_notBefore(certificate));
  handshake->valid_until = time_text(X509_get0_notAfter(certificate));
  return good;
}

void on_event(const SSL* tls, int where, int value) {
  constexpr int read_alert = SSL_CB_READ | SSL_CB_ALERT;
  TlsHandshake* handshake = record_of(tls);
  if (handshake == nullptr || (where & read_alert) != read_alert) return;
  const int alert = value & 0xff;
  if (alert != SSL_AD_CLOSE_NOTIFY) handshake->alert = alert;
}

int on_client_certificate(SSL* tls, X509**, EVP_PKEY**) {
  if (TlsHandshake* handshake = record_of(tls)) handshake->client_certificate_wanted = true;
  return 0;  // we have none
}

/// The offset of OpenSSL's "error:0A00010B:SSL routines::…" in libcurl's error text; npos if there
/// is none. libcurl 8 puts its own words before it ("TLS connect error: error:0A00…").
std::size_t openssl_error_in(std::string_view text) {
  constexpr std::size_t digits = 8;
  for (std::size_t at = text.find(error_mark); at != std::string_view::npos;
       at = text.find(error_mark, at + 1)) {
    const std::string_view code = text.substr(at + error_mark.size(), digits);
    if (code.size() == digits && std::ranges::all_of(code, is_hex_digit)) return at;
  }
  return std::string_view::npos;
}

/// The reason code (SSL_R_…) in libcurl's error text, or 0.
int reason_in(const std::string& text) {
  const std::size_t at = openssl_error_in(text);
  if (at == std::string::npos) return 0;
  const unsigned long code = std::strtoul(text.c_str() + at + error_mark.size(), nullptr, 16);
  return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
}

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

constexpr const char* how_to_trust =
    "; to trust it, put it into a PEM file and set upstream.extra_ca_file to that file";

/// What the verification error of a certificate means, and what to do.
std::string certificate_sentence(const std::string& host, const TlsHandshake& handshake) {
  const std::string own = "the certificate of " + host;
  const std::string which = handshake.depth == 0 ? own
                                                 : "the certificate " + quoted(handshake.subject) +
                                                       " in the chain of " + host;
  switch (handshake.verify_error) {
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    if (handshake.certificates_sent <= 1) {
      return own + " was sent alone, and its issuer " + quoted(handshake.issuer) +
             " is not among the trusted authorities: either the vendor's server leaves out an "
             "intermediate certificate (an incomplete chain, which the vendor must complete) or it "
             "uses an authority of its own" +
             how_to_trust;
    }
    return which + " was issued by " + quoted(handshake.issuer) +
           ", which is not among the trusted authorities (upstream.ca_file, or the system's)" +
           how_to_trust;
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    return own + " comes from the authority " + quoted(handshake.issuer) +
           ", which is not among the trusted ones (upstream.ca_file, or the system's): a company's "
           "proxy in between, or an authority of the vendor's own" +
           how_to_trust;
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    return own + " is self-signed (" + quoted(handshake.issuer) +
           ") and not among the trusted ones (upstream.ca_file, or the system's)" + how_to_trust;
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return which + ", issued by " + quoted(handshake.issuer) + ", expired on " +
           handshake.valid_until + ": the vendor must renew it (or this machine's clock is wrong)";
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return which + ", issued by " + quoted(handshake.issuer) + ", is valid only from " +
           handshake.valid_from + " on: check this machine's clock";
  case X509_V_ERR_EE_KEY_TOO_SMALL:
  case X509_V_ERR_CA_KEY_TOO_SMALL:
    return which + ", issued by " + quoted(handshake.issuer) +
           ", has a key that is too small to be trusted (RSA needs 2048 bits): the vendor must "
           "replace it";
  case X509_V_ERR_CA_MD_TOO_WEAK:
    return which + ", issued by " + quoted(handshake.issuer) +
           ", is signed with a broken digest (SHA-1 or MD5): the vendor must replace it";
  default:
    return which + ", issued by " + quoted(handshake.issuer) +
           ", is not valid: " + X509_verify_cert_error_string(handshake.verify_error);
  }
}

TlsFailure of_alert(const std::string& host, const TlsHandshake& handshake) {
  const std::string refusal = host + " refuses the TLS handshake (" +
                              std::string(SSL_alert_desc_string_long(handshake.alert)) + ")";
  switch (handshake.alert) {
  case SSL_AD_PROTOCOL_VERSION:
    return {refusal + ": it speaks neither TLS 1.2 nor 1.3, and older versions are not used; the "
                      "vendor must update its server"};
  case SSL_AD_HANDSHAKE_FAILURE:
  case SSL_AD_INSUFFICIENT_SECURITY:
    return {refusal + ": it has no cipher or key exchange in common with this side, or requires a "
                      "client certificate; the vendor must say what it needs"};
  case SSL_AD_UNRECOGNIZED_NAME:
    return {refusal +
            ": it has no server of that name; check the connection's host and upstream.connect_to"};
  case SSL_AD_INTERNAL_ERROR:
    return {refusal, false};
  default:
    return {refusal};
  }
}

}  // namespace

void watch_handshake(SSL_CTX* context, std::shared_ptr<TlsHandshake> into) {
  delete static_cast<std::shared_ptr<TlsHandshake>*>(SSL_CTX_get_ex_data(context, record_index()));
  SSL_CTX_set_ex_data(context, record_index(), new std::shared_ptr<TlsHandshake>(std::move(into)));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &on_certificate);
  SSL_CTX_set_info_callback(context, &on_event);
  SSL_CTX_set_client_cert_cb(context, &on_client_certificate);
}

TlsFailure tls_error(const std::string& host, const TlsHandshake& handshake,
                     const std::string& reason) {
  if (handshake.verify_error != X509_V_OK) return {certificate_sentence(host, handshake)};
  if (const std::string late = late_tls_error(handshake); !late.empty())
    return {host + ": " + late};
  const int code = reason_in(reason);
  switch (code) {
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_PACKET_LENGTH_TOO_LONG:
  case SSL_R_HTTP_REQUEST:
  case SSL_R_UNEXPECTED_MESSAGE:
    return {host + " does not speak TLS on this port, it responds in plain text: check the host, "
                   "the port and upstream.connect_to"};
  case SSL_R_UNSUPPORTED_PROTOCOL:
    return {host + " speaks neither TLS 1.2 nor 1.3, and older versions are not used; the vendor "
                   "must update its server"};
  case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
    return {host +
            " does not know secure renegotiation (RFC 5746), without which TLS is vulnerable; the "
            "vendor, or the operator of a proxy in between, must update its server"};
  case SSL_R_DH_KEY_TOO_SMALL:
    return {host + " offers a Diffie-Hellman key that is too small to be safe (2048 bits are "
                   "needed); the vendor must configure a larger one, or elliptic curves"};
  default:
    break;
  }
  if (handshake.alert >= 0) return of_alert(host, handshake);
  const std::size_t at = openssl_error_in(reason);
  const bool lost = at == std::string::npos || code == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (!lost) return {"no TLS with " + host + ": " + reason.substr(at)};
  return {host + " closed the connection in the middle of the TLS handshake: it may be overloaded, "
                 "or it or a firewall in between refuses this machine",
          false};
}

TlsFailure wrong_name(const std::string& host, const TlsHandshake& handshake) {
  std::string names;
  for (const std::string& name : handshake.names) {
    if (!names.empty()) names += ", ";
    names += name;
    if (names.size() > max_name) break;
  }
  return {"the certificate is not for " + host +
          (names.empty() ? " (it names no host)" : " but for " + names) +
          ": check the host and upstream.connect_to"};
}

std::string late_tls_error(const TlsHandshake& handshake) {
  constexpr int of_certificates[] = {SSL_AD_HANDSHAKE_FAILURE, SSL_AD_BAD_CERTIFICATE,
                                     SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_CERTIFICATE_REQUIRED,
                                     SSL_AD_ACCESS_DENIED};
  if (!handshake.client_certificate_wanted ||
      std::ranges::count(of_certificates, handshake.alert) == 0)
    return {};
  return "it requires a client certificate (mutual TLS), which Penstock does not have; the vendor "
         "must offer another way to sign in, or a proxy in front must present one";
}

}  // namespace penstock::upstream
