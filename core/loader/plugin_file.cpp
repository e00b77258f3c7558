#include "loader/plugin_file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::loader {
namespace {

constexpr off_t largest_plugin = 64 << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string system_error(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

/// Empty: nobody but this user and root can write it.
std::string who_else_writes(const struct stat& about, const char* what) {
  if (about.st_uid != ::geteuid() && about.st_uid != 0) {
    return std::string(what) +
           " belongs to another user; plugins run with all rights of this process";
  }
  // The sticky bit makes no difference: who may write the folder may add a plugin.
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::string(what) + " can be written by others; chmod go-w";
  }
  return {};
}

std::string sha256_hex(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < length; ++i)
    out += {hex[digest[i] >> 4U], hex[digest[i] & 15U]};
  return out;
}

}  // namespace

Result<StagingFolder, std::string> StagingFolder::make() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  if (error) return failure("there is no folder for temporary files: " + error.message());
  std::string pattern = (base / "penstock-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return failure(system_error("a staging folder cannot be made"));
  return StagingFolder(pattern);
}

StagingFolder::~StagingFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string who_else_writes(const std::filesystem::path& folder) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0) return {};  // whoever reads it will say so
  return who_else_writes(about, folder.c_str());
}

Result<PluginFile, std::string> read_plugin_file(const std::filesystem::path& path) {
  struct stat folder {};
  if (::stat(path.parent_path().c_str(), &folder) != 0)
    return failure(system_error("its folder cannot be read"));
  if (std::string why = who_else_writes(folder, "its folder"); !why.empty())
    return failure(std::move(why));

  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (file.get() < 0 || ::fstat(file.get(), &about) != 0)
    return failure(system_error("it cannot be read"));
  if (!S_ISREG(about.st_mode)) return failure(std::string("it is not a regular file"));
  if (std::string why = who_else_writes(about, "the file"); !why.empty())
    return failure(std::move(why));
  if (about.st_size > largest_plugin) return failure(std::string("it is larger than 64 MiB"));

  PluginFile read{path, std::string(static_cast<std::size_t>(about.st_size), '\0'), {}};
  std::size_t have = 0;
  while (have < read.bytes.size()) {
    const ssize_t got = ::read(file.get(), read.bytes.data() + have, read.bytes.size() - have);
    if (got <= 0) return failure(std::string("it changed while it was read"));
    have += static_cast<std::size_t>(got);
  }
  read.sha256 = sha256_hex(read.bytes);
  return read;
}

Result<std::filesystem::path, std::string> stage(const StagingFolder& folder,
                                                 const PluginFile& file) {
  // glibc answers with the old code when a path that is still open is loaded again.
  static std::atomic<unsigned> next{0};
  const std::filesystem::path home =
      folder.path() / ("gen-" + std::to_string(next++) + "-" + file.sha256.substr(0, 12));
  if (::mkdir(home.c_str(), 0700) != 0) return failure(system_error("it cannot be staged"));
  const std::filesystem::path copy = home / file.path.filename();
  const Descriptor out(::open(copy.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
  if (out.get() < 0) return failure(system_error("it cannot be staged"));
  std::size_t written = 0;
  while (written < file.bytes.size()) {
    const ssize_t put =
        ::write(out.get(), file.bytes.data() + written, file.bytes.size() - written);
    if (put <= 0) return failure(system_error("it cannot be staged"));
    written += static_cast<std::size_t>(put);
  }
  return copy;
}

}  // namespace penstock::loader
