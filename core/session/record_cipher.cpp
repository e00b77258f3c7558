#include "session/record_cipher.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <penstock/text.hpp>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_access.hpp"

namespace penstock::session {
namespace {

// An encrypted record: this, the key's id, the nonce, the ciphertext with its tag.
constexpr std::string_view magic = "PST1";
constexpr std::size_t id_size = 8;
constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t head_size = magic.size() + id_size + nonce_size;
constexpr const char* variable = "PENSTOCK_STATE_KEY";

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string id_of(std::string_view key) {
  std::string id(id_size, '\0');
  constexpr std::string_view purpose = "penstock key id";
  crypto_generichash_state state;
  crypto_generichash_init(&state, bytes(purpose), purpose.size(), crypto_generichash_BYTES_MIN);
  crypto_generichash_update(&state, bytes(key), key.size());
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  std::copy_n(digest.begin(), id_size, id.begin());
  return id;
}

/// The associated data. The lengths come first, so that no two bindings give the same bytes.
std::string associated(std::string_view head, Binding binding) {
  std::string out(head);
  for (const std::uint64_t number : {binding.version, std::uint64_t{binding.key.size()}}) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      out += static_cast<char>(number >> shift & 0xFFU);
  }
  return out.append(binding.key);
}

/// Reads the whole file. Fails if other users may read it.
Result<Secret, std::string> read_private(const std::filesystem::path& file, timespec& changed) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return failure("the key file " + file.string() + " cannot be read: " + std::strerror(errno));
  struct stat status {};
  std::string text(4096, '\0');
  const bool known = ::fstat(descriptor, &status) == 0;
  const ssize_t size = ::read(descriptor, text.data(), text.size());
  ::close(descriptor);
  if (!known || size < 0)
    return failure("the key file " + file.string() + " cannot be read: " + std::strerror(errno));
  Secret out(std::string_view(text).substr(0, static_cast<std::size_t>(size)));
  sodium_memzero(text.data(), text.size());
  // A group whose only member is this user gives no one else access: allow `umask 0002`.
  if ((status.st_mode & 077U) != 0 && open_to(status, S_IRWXO) != OpenTo::nobody)
    return failure("the key file " + file.string() + " is accessible to others; chmod 600 " +
                   file.string());
  changed = status.st_mtim;
  return out;
}

/// Creates the file with a fresh key if it is absent. The file is renamed into place once complete,
/// so that a crash does not leave an empty one, which no start would accept.
Result<Ok, std::string> make_key_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) return Ok{};
  const std::filesystem::path fresh = file.string() + ".new";
  std::filesystem::remove(fresh, error);
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return failure("the key file " + file.string() + " cannot be made: " + std::strerror(errno));
  std::string key(key_size, '\0');
  randombytes_buf(key.data(), key.size());
  std::string line = base64_encode(key) + "\n";
  const bool written =
      ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(descriptor) == 0;
  ::close(descriptor);
  sodium_memzero(key.data(), key.size());
  sodium_memzero(line.data(), line.size());
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0)
    return failure("the key file " + file.string() + " cannot be written");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Ok{};
  ::fsync(folder);  // the key must be as durable as the records
  ::close(folder);
  return Ok{};
}

}  // namespace

Result<RecordCipher::Keys, std::string> RecordCipher::parse(std::string_view text) {
  Keys keys;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",\r\n"), text.size());
    const std::string_view word = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    auto key = base64_decode(word);
    if (!key || key->size() != key_size)
      return failure(std::string("a state key is 32 bytes in Base64 (openssl rand -base64 32)"));
    keys.push_back({id_of(*key), Secret(*key)});
    sodium_memzero(key->data(), key->size());
  }
  if (keys.empty()) return failure(std::string("there is no state key in it"));
  return keys;
}

Result<std::unique_ptr<RecordCipher>, std::string> RecordCipher::from_text(std::string_view text) {
  if (sodium_init() < 0) return failure(std::string("libsodium cannot be initialised"));
  auto keys = parse(text);
  if (!keys) return failure(std::move(keys).error());
  auto cipher = std::unique_ptr<RecordCipher>(new RecordCipher());
  cipher->keys_ = *std::move(keys);
  return cipher;
}

Result<std::unique_ptr<RecordCipher>, std::string> RecordCipher::from_environment() {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') {
    return failure(std::string(variable) +
                   " is not set; every replica needs the same key (openssl rand -base64 32)");
  }
  auto cipher = from_text(text);
  if (!cipher) return failure(std::string(variable) + ": " + cipher.error());
  return cipher;
}

Result<std::unique_ptr<RecordCipher>, std::string>
RecordCipher::open(const std::filesystem::path& file) {
  const char* const text = std::getenv(variable);
  if (text != nullptr && *text != '\0') return from_environment();
  if (sodium_init() < 0) return failure(std::string("libsodium cannot be initialised"));
  if (auto made = make_key_file(file); !made) return failure(std::move(made).error());
  timespec changed{};
  auto read = read_private(file, changed);
  if (!read) return failure(std::move(read).error());
  auto cipher = from_text(read->reveal());
  if (!cipher) return failure("the key file " + file.string() + ": " + cipher.error());
  (*cipher)->file_ = file;
  (*cipher)->changed_ = changed;
  return cipher;
}

/// Reloads the key file if it has changed. If it cannot be read or holds no keys, the current keys
/// stay.
void RecordCipher::refresh() {
  struct stat status {};
  if (file_.empty() || ::stat(file_.c_str(), &status) != 0) return;
  if (status.st_mtim.tv_sec == changed_.tv_sec && status.st_mtim.tv_nsec == changed_.tv_nsec)
    return;
  timespec changed{};
  const auto read = read_private(file_, changed);
  if (!read) return;
  auto keys = parse(read->reveal());
  if (!keys) return;
  keys_ = *std::move(keys);
  changed_ = changed;
}

std::string RecordCipher::encrypt(std::string_view plain, Binding binding) {
  const std::scoped_lock lock(mutex_);
  refresh();
  const Key& key = keys_.front();
  std::string out(head_size + plain.size() + tag_size, '\0');
  std::copy(magic.begin(), magic.end(), out.begin());
  std::copy(key.id.begin(), key.id.end(), out.begin() + magic.size());
  unsigned char* const nonce = bytes(out) + magic.size() + id_size;
  randombytes_buf(nonce, nonce_size);
  const std::string extra =
      associated(std::string_view(out).substr(0, magic.size() + id_size), binding);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes(out) + head_size, nullptr, bytes(plain), plain.size(), bytes(std::string_view(extra)),
      extra.size(), nullptr, nonce, bytes(key.bytes.reveal()));
  return out;
}

Result<Secret, std::string> RecordCipher::decrypt(std::string_view encrypted, Binding binding) {
  const std::scoped_lock lock(mutex_);
  refresh();
  if (encrypted.size() < head_size + tag_size || !encrypted.starts_with(magic))
    return failure(std::string(
        "is not an encrypted record: it was damaged, or written before records were encrypted"));
  const std::string_view id = encrypted.substr(magic.size(), id_size);
  const auto key = std::ranges::find(keys_, id, &Key::id);
  if (key == keys_.end()) {
    return failure(
        std::string("was encrypted with another state key; add that key after the current one"));
  }
  const std::string extra = associated(encrypted.substr(0, magic.size() + id_size), binding);
  std::string plain(encrypted.size() - head_size - tag_size, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes(plain), nullptr, nullptr, bytes(encrypted) + head_size, encrypted.size() - head_size,
      bytes(std::string_view(extra)), extra.size(), bytes(encrypted) + magic.size() + id_size,
      bytes(key->bytes.reveal()));
  Secret out(plain);
  sodium_memzero(plain.data(), plain.size());
  if (opened != 0) {
    return failure(
        std::string("was altered, or belongs to another connection or version; it is not used"));
  }
  return out;
}

std::string RecordCipher::current_prefix() {
  const std::scoped_lock lock(mutex_);
  refresh();
  return std::string(magic) + keys_.front().id;
}

}  // namespace penstock::session
