#include "loader/sealed_library.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

// Since Linux 6.3; older C libraries do not define it.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace penstock::loader {
namespace {

/// Memory maps, profilers and sanitizers show it as /memfd:penstock:hibob.so.
std::string memory_name(const PluginFile& file) {
  return "penstock:" + file.path.filename().string().substr(0, 200);
}

int make_memory_file(const std::string& name) {
  const int made = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (made >= 0 || errno != EINVAL) return made;
  return ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);  // before Linux 6.3
}

std::string refusal(int error) {
  const std::string what =
      std::string("the system provides no executable memory file to load it ") +
      "from (memfd_create: " + std::strerror(error) + ")";
  if (error == EACCES || error == EPERM)
    return what + "; set the sysctl vm.memfd_noexec to 0 or 1, or let the process's seccomp, " +
           "SELinux or AppArmor profile allow it";
  if (error == ENOSYS) return what + "; let the process's seccomp profile allow memfd_create";
  if (error == EMFILE || error == ENFILE) return what + "; raise the limit of open files";
  return what;
}

bool write_all(int descriptor, const std::string& bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t put = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    written += static_cast<std::size_t>(put);
  }
  return true;
}

/// Descriptor numbers are reused, so each path is spelled differently: a "/" or "/." for each bit
/// of a counter does not change where it leads.
std::string new_path(int descriptor) {
  static std::atomic<unsigned> next{0};
  std::string path = "/proc/self";
  for (unsigned bits = next++; bits != 0; bits >>= 1U)
    path += (bits & 1U) != 0 ? "/." : "/";
  return path + "/fd/" + std::to_string(descriptor);
}

}  // namespace

SealedLibrary::SealedLibrary(int descriptor, std::string path)
    : descriptor_(descriptor), path_(std::move(path)) {}

SealedLibrary::SealedLibrary(SealedLibrary&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

SealedLibrary::~SealedLibrary() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<SealedLibrary, std::string> SealedLibrary::make(const PluginFile& file) {
  const int descriptor = make_memory_file(memory_name(file));
  if (descriptor < 0) return failure(refusal(errno));
  SealedLibrary made(descriptor, new_path(descriptor));
  if (!write_all(descriptor, file.bytes))
    return failure(std::string("it cannot be copied into memory: ") + std::strerror(errno));
  constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(descriptor, F_ADD_SEALS, seals) != 0)
    return failure(std::string("its copy in memory cannot be sealed: ") + std::strerror(errno));
  if (::access(made.path().c_str(), R_OK) != 0)
    return failure(std::string("it cannot be loaded without /proc: mount proc on /proc (") +
                   std::strerror(errno) + ")");
  return made;
}

}  // namespace penstock::loader
