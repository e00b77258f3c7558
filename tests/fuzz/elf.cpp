// A plugin's file, truncated, edited or invented: an image within the file's bounds, or an error.
// The same file twice gives the same result.
#include <string>

#include "fuzz.hpp"
#include "loader/elf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto image = loader::read_elf(bytes);
  const auto again = loader::read_elf(bytes);
  fuzz::require(image.has_value() == again.has_value(), "the same file reads the same");
  if (!image) {
    fuzz::require(!image.error().empty(), "a refusal is a sentence");
    return 0;
  }
  if (image->manifest) {
    const char* const begin = image->manifest->data();
    fuzz::require(begin >= bytes.data() && image->manifest->size() <= bytes.size() &&
                      begin + image->manifest->size() <= bytes.data() + bytes.size(),
                  "the manifest lies inside the file");
  }
  fuzz::require(image->exports.size() == again->exports.size(), "the same exports");
  for (std::size_t i = 0; i < image->exports.size(); ++i)
    fuzz::require(image->exports[i].name == again->exports[i].name, "of the same names");
  for (const auto& symbol : image->exports)
    fuzz::require(symbol.name.size() < bytes.size(), "a name lies inside the file", symbol.name);
  return 0;
}
