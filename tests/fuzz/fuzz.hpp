#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::fuzz {

/// A promise that does not hold is a finding: said on stderr, then a crash that libFuzzer keeps.
inline void require(bool holds, std::string_view promise, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN PROPERTY: %.*s\n  %.*s\n", static_cast<int>(promise.size()),
               promise.data(), static_cast<int>(detail.size()), detail.data());
  std::abort();
}

/// The fuzzer's bytes, taken apart. Texts end at 0x1E, which none of the formats uses: seeds can be
/// written by hand, and a mutation of one text leaves the others where they were.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto out = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return out;
  }

  std::string_view text() {
    const std::size_t end = rest_.find('\x1e');
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return out;
  }

  bool empty() const { return rest_.empty(); }
  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
};

/// `bytes` in pieces whose sizes follow from `seed`: 0 is one piece, 1 single bytes, else 1 to
/// `seed` bytes each. `feed` says whether it wants more.
template <class Feed>
void in_pieces(std::string_view bytes, std::uint32_t seed, Feed feed) {
  std::uint32_t state = seed;
  while (!bytes.empty()) {
    std::size_t size = bytes.size();
    if (seed != 0) {
      state = state * 1664525U + 1013904223U;
      size = 1 + (state >> 16U) % seed;
    }
    const std::string piece(bytes.substr(0, size));  // its own memory: ASan sees a step too far
    bytes.remove_prefix(piece.size());
    if (!feed(std::string_view(piece))) return;
  }
}

}  // namespace penstock::fuzz
