#include "penstock/read_file.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/descriptor.hpp"

namespace penstock {
namespace {

constexpr int patience_ms = 5'000;  ///< maximum wait for a pipe's writer, and for its next bytes

auto unreadable(const std::string& why) { return failure(" cannot be read: " + why); }

auto unreadable(int error) { return unreadable(std::generic_category().message(error)); }

}  // namespace

Result<std::string, std::string> read_file(const std::filesystem::path& file, std::size_t largest) {
  // Without O_NONBLOCK, opening a pipe without a writer would block indefinitely.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number() < 0) return unreadable(errno);
  std::string out;
  std::array<char, 65536> piece{};
  for (;;) {
    pollfd bytes{descriptor.number(), POLLIN, 0};
    if (::poll(&bytes, 1, patience_ms) == 0) return unreadable("no process writes to it");
    const ssize_t size = ::read(descriptor.number(), piece.data(), piece.size());
    if (size == 0) return out;
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return unreadable(errno);
    out.append(piece.data(), static_cast<std::size_t>(size));
    if (out.size() > largest)
      return failure(" is larger than " + std::to_string(largest >> 20U) + " MiB");
  }
}

}  // namespace penstock
