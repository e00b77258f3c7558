#include "session/process_lock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace penstock::session {
namespace {

constexpr off_t setup_byte = 0;
constexpr off_t first_id = 1;

struct flock range(short type, off_t begin, off_t length) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = begin;
  lock.l_len = length;
  return lock;
}

/// Whether another description holds a lock in the range. On an error true, the safe answer.
bool is_locked(int file, off_t begin, off_t length) {
  struct flock lock = range(F_WRLCK, begin, length);
  return ::fcntl(file, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

bool try_lock(int file, off_t begin) {
  struct flock lock = range(F_WRLCK, begin, 1);
  return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

}  // namespace

Result<ProcessLock, std::string> ProcessLock::open(const std::filesystem::path& file) {
  Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (descriptor.number() < 0)
    return failure("the lock file " + file.string() + " cannot be opened: " + std::strerror(errno));
  // Random ids until one is free; among 2^62, the first one is.
  for (int attempt = 0; attempt < 8; ++attempt) {
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) break;
    const auto id = static_cast<std::int64_t>(random >> 2U) + first_id;
    if (try_lock(descriptor.number(), id)) return ProcessLock(std::move(descriptor), id);
    if (errno != EAGAIN && errno != EACCES) break;
  }
  return failure("the lock file " + file.string() + " cannot be locked: " + std::strerror(errno));
}

bool ProcessLock::is_alive(std::int64_t id) const {
  return id == id_ || (id >= first_id && is_locked(file_.number(), id, 1));
}

bool ProcessLock::has_others() const { return is_locked(file_.number(), first_id, 0); }

ProcessLock::Setup::Setup(Setup&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

ProcessLock::Setup::~Setup() {
  if (file_ < 0) return;
  struct flock lock = range(F_UNLCK, setup_byte, 1);
  ::fcntl(file_, F_OFD_SETLK, &lock);
}

Result<ProcessLock::Setup, std::string> ProcessLock::set_up(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!try_lock(file_.number(), setup_byte)) {
    if (errno != EAGAIN && errno != EACCES)
      return failure("its lock file cannot be locked: " + std::string(std::strerror(errno)));
    if (std::chrono::steady_clock::now() >= end)
      return failure(std::string("another process has been opening it for too long"));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return Setup(file_.number());
}

bool is_on_network(const std::filesystem::path& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  // From linux/magic.h: NFS, SMB, CIFS, SMB2, AFS, Ceph, CODA. Also Lustre, GFS2 and OCFS2.
  constexpr std::array<std::uint32_t, 10> networks = {
      0x6969,     0x517B,     0xFF534D42, 0xFE534D42, 0x5346414F,
      0x00C36400, 0x73757245, 0x0BD00BD0, 0x01161970, 0x7461636F};
  return std::ranges::find(networks, static_cast<std::uint32_t>(status.f_type)) != networks.end();
}

}  // namespace penstock::session
