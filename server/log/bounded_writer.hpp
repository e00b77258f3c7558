#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include <unistd.h>

namespace penstock::server {

/// Writes to a descriptor that may be shared, and never blocks longer than the given time. The
/// descriptor is not made non-blocking: that would affect every process that shares it.
class BoundedWriter {
 public:
  explicit BoundedWriter(int descriptor);
  ~BoundedWriter();
  BoundedWriter(const BoundedWriter&) = delete;
  BoundedWriter& operator=(const BoundedWriter&) = delete;

  /// Returns how many bytes of `text` were written within `time`: 0 if the reader takes none;
  /// nullopt if there is no reader any more, or the disk is full.
  std::optional<std::size_t> write(std::string_view text, std::chrono::milliseconds time);

 private:
  int descriptor_;
  bool is_socket_ = false;
  bool is_own_ = false;  ///< opened here, non-blocking
};

}  // namespace penstock::server
