#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include <unistd.h>

namespace penstock::server {

/// Writes to a descriptor that others may share, and never waits longer than it is told to. The
/// descriptor is not made non-blocking: that would be so for every process that shares it.
class BoundedWriter {
 public:
  explicit BoundedWriter(int descriptor);
  ~BoundedWriter();
  BoundedWriter(const BoundedWriter&) = delete;
  BoundedWriter& operator=(const BoundedWriter&) = delete;

  /// How much of `text` was written within `time`: 0 where the reader takes none; nothing where
  /// there is no reader any more, or the disk is full.
  std::optional<std::size_t> write(std::string_view text, std::chrono::milliseconds time);

 private:
  int descriptor_;
  bool is_socket_ = false;
  bool is_own_ = false;  ///< opened here, non-blocking
};

}  // namespace penstock::server
