#include "penstock/digest.hpp"

#include <openssl/evp.h>

namespace penstock {

std::string sha256(std::string_view bytes) {
  // Fetched once: looking up the algorithm costs more than a short digest.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::string out(32, '\0');
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                 algorithm, nullptr) != 1)
    return {};
  return out;
}

}  // namespace penstock
