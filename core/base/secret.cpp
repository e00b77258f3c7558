#include <penstock/secret.hpp>

#include <cstring>

namespace penstock {

void Secret::wipe() noexcept {
  // explicit_bzero is not optimized away. Wipes the capacity, not just the size: the rest of an
  // earlier, longer value may follow the end.
  if (text_.capacity() > 0) explicit_bzero(text_.data(), text_.capacity());
  text_.clear();
}

bool same_secret(std::string_view given, std::string_view expected) noexcept {
  unsigned char difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<unsigned char>(given[i] ^ other);
  }
  return difference == 0;
}

}  // namespace penstock
