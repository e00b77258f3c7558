#include "certificates.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace penstock::sandbox {
namespace {

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* it) const {
    free_it(it);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;

void check(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not make the certificates");
}

Key new_key() {
  Key key{EVP_EC_gen("P-256")};
  check(key != nullptr);
  return key;
}

std::string pem_of(X509* certificate) {
  Memory memory{BIO_new(BIO_s_mem())};
  check(memory && PEM_write_bio_X509(memory.get(), certificate) == 1);
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  Memory memory{BIO_new(BIO_s_mem())};
  check(memory &&
        PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// A certificate without extensions and signature. It expires after 30 days.
Certificate blank(const char* common_name, X509_NAME* issuer, EVP_PKEY* key) {
  Certificate made{X509_new()};
  check(made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1);
  unsigned char serial[16];
  check(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] &= 0x7f;  // a serial number must be positive
  std::unique_ptr<BIGNUM, Free<BN_free>> number{BN_bin2bn(serial, sizeof serial, nullptr)};
  check(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())));
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 30L * 24 * 3600);
  X509_NAME* subject = X509_get_subject_name(made.get());
  check(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                                   0) == 1);
  check(X509_set_issuer_name(made.get(), issuer ? issuer : subject) == 1 &&
        X509_set_pubkey(made.get(), key) == 1);
  return made;
}

void extend(X509* certificate, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension{
      X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str())};
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

Certificates make_certificates(const std::vector<std::string>& host_names) {
  Key authority_key = new_key();
  Certificate authority = blank("Penstock sandbox authority", nullptr, authority_key.get());
  extend(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(authority.get(), authority_key.get(), EVP_sha256()) != 0);

  std::string names;
  for (const auto& name : host_names)
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  Key server_key = new_key();
  Certificate server =
      blank("Penstock sandbox", X509_get_subject_name(authority.get()), server_key.get());
  extend(server.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(server.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  extend(server.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  extend(server.get(), authority.get(), NID_subject_key_identifier, "hash");
  extend(server.get(), authority.get(), NID_authority_key_identifier, "keyid:always");
  extend(server.get(), authority.get(), NID_subject_alt_name, names);
  check(X509_sign(server.get(), authority_key.get(), EVP_sha256()) != 0);
  return {pem_of(authority.get()), pem_of(server.get()), pem_of(server_key.get())};
}

void write_whole_file(const std::string& path, const std::string& content) {
  std::filesystem::path target{path};
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path());
  auto beside = path + ".new." + std::to_string(::getpid());
  std::ofstream file{beside, std::ios::binary | std::ios::trunc};
  file << content;
  file.close();
  if (!file) {
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    throw std::runtime_error("cannot write " + path);
  }
  std::filesystem::rename(beside, target);
}

}  // namespace penstock::sandbox
