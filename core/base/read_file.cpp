#include "base/read_file.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace penstock {
namespace {

constexpr int patience_ms = 10'000;  ///< for the next bytes of a pipe

class Descriptor {
 public:
  // Without O_NONBLOCK a pipe that nobody writes into is waited for.
  explicit Descriptor(const std::filesystem::path& file)
      : number_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

auto unreadable(const std::string& why) { return failure(" cannot be read: " + why); }

auto unreadable(int error) { return unreadable(std::generic_category().message(error)); }

}  // namespace

Result<std::string, std::string> read_file(const std::filesystem::path& file, std::size_t largest) {
  const Descriptor descriptor(file);
  if (descriptor.number() < 0) return unreadable(errno);
  std::string out;
  std::array<char, 65536> piece{};
  for (;;) {
    const ssize_t size = ::read(descriptor.number(), piece.data(), piece.size());
    if (size == 0) return out;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) return unreadable(errno);
    if (size < 0) {
      pollfd bytes{descriptor.number(), POLLIN, 0};
      if (::poll(&bytes, 1, patience_ms) == 0) return unreadable("nobody writes into it");
      continue;
    }
    out.append(piece.data(), static_cast<std::size_t>(size));
    if (out.size() > largest)
      return failure(" is larger than " + std::to_string(largest >> 20U) + " MiB");
  }
}

}  // namespace penstock
