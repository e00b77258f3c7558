#include "log/bounded_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace penstock::server {

BoundedWriter::BoundedWriter(int descriptor) : descriptor_(descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return;
  is_socket_ = S_ISSOCK(status.st_mode);
  // poll() reports a free page of a pipe, but another writer may fill it first: open the pipe
  // again, non-blocking.
  if (!S_ISFIFO(status.st_mode)) return;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (own < 0) return;
  descriptor_ = own;
  is_own_ = true;
}

BoundedWriter::~BoundedWriter() {
  if (is_own_) ::close(descriptor_);
}

std::optional<std::size_t> BoundedWriter::write(std::string_view text,
                                                std::chrono::milliseconds time) {
  pollfd ready{descriptor_, POLLOUT, 0};
  const int found = ::poll(&ready, 1, static_cast<int>(time.count()));
  if (found == 0 || (found < 0 && errno == EINTR)) return 0;
  if (found < 0) return std::nullopt;
  // On a blocking descriptor, write no more than is sure to fit once poll() reports room.
  const std::size_t size = std::min<std::size_t>(text.size(), is_own_ ? text.size() : PIPE_BUF);
  const ssize_t written = is_socket_
                              ? ::send(descriptor_, text.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : ::write(descriptor_, text.data(), size);
  if (written >= 0) return static_cast<std::size_t>(written);
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return later ? std::optional<std::size_t>(0) : std::nullopt;
}

}  // namespace penstock::server
