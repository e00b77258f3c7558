#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>
#include <penstock/secret.hpp>

namespace penstock::session {

/// What a sealed record belongs to: opened as anything else it is refused.
struct Binding {
  std::string_view key;  ///< of the store: plugin and integration
  std::uint64_t version = 0;
};

/// By so many of their first bytes records of one key are known.
constexpr std::size_t encrypted_head_size = 12;

/// Seals what is stored: XChaCha20-Poly1305 (libsodium), a random nonce for each, bound to where it
/// stands. Holds one key to seal with and any number to open with. [any-thread]
class RecordCipher {
 public:
  /// Keys in Base64, 32 bytes each, parted by commas or line ends; the first one seals.
  static Result<std::unique_ptr<RecordCipher>, std::string> from_text(std::string_view keys);

  /// The keys of the environment variable PENSTOCK_STATE_KEY where it is set; else those of `file`,
  /// which is made 0600 with a fresh key if absent. A file is read again when it changes.
  static Result<std::unique_ptr<RecordCipher>, std::string> open(const std::filesystem::path& file);

  /// The keys of PENSTOCK_STATE_KEY; an error that says what to do where it is not set.
  static Result<std::unique_ptr<RecordCipher>, std::string> from_environment();

  std::string encrypt(std::string_view plain, Binding binding);

  /// The error says whether the key is missing, or the record altered or moved.
  Result<Secret, std::string> decrypt(std::string_view sealed, Binding binding);

  /// Whether `sealed` was made with the key that seals now; others are to be sealed anew.
  bool is_current(std::string_view sealed);

 private:
  struct Key {
    std::string id;
    Secret bytes;
  };
  using Keys = std::vector<Key>;

  RecordCipher() = default;
  static Result<Keys, std::string> parse(std::string_view text);
  void refresh();

  std::mutex mutex_;
  Keys keys_;
  std::filesystem::path file_;  ///< empty: the keys do not change
  timespec changed_{};
};

}  // namespace penstock::session
