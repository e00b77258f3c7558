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

/// What an encrypted record is bound to: decryption with another binding fails.
struct Binding {
  std::string_view key;  ///< store key: plugin and integration
  std::uint64_t version = 0;
};

/// Encrypts stored records with XChaCha20-Poly1305 (libsodium), each with a random nonce and bound
/// to its place in the store. Holds one key for encryption and any number for decryption.
/// [any-thread]
class RecordCipher {
 public:
  /// Keys of 32 bytes in Base64, separated by commas or line ends; the first one encrypts.
  static Result<std::unique_ptr<RecordCipher>, std::string> from_text(std::string_view keys);

  /// Reads the keys from the environment variable PENSTOCK_STATE_KEY if it is set; else from
  /// `file`, which is created with mode 0600 and a fresh key if absent. The file is read again when
  /// it changes.
  static Result<std::unique_ptr<RecordCipher>, std::string> open(const std::filesystem::path& file);

  /// Reads the keys from PENSTOCK_STATE_KEY. If it is not set, the error says what to do.
  static Result<std::unique_ptr<RecordCipher>, std::string> from_environment();

  std::string encrypt(std::string_view plain, Binding binding);

  /// The error says whether the key is missing, or the record was altered or moved.
  Result<Secret, std::string> decrypt(std::string_view encrypted, Binding binding);

  /// The first bytes of each record that the current key encrypts, and of no other record.
  std::string current_prefix();

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
  std::filesystem::path file_;  ///< empty: the keys never change
  timespec changed_{};
};

}  // namespace penstock::session
