#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

#include "base/descriptor.hpp"

namespace penstock::session {

/// Shows the other users of a state folder that this one is alive, with an open file description
/// lock on one byte of a common file; the offset is the user's id. The kernel drops the lock when
/// the description is closed or its process dies, however it dies. Two users in one process are as
/// distinct as two processes, and process ids, which differ between containers, are not used.
/// [any-thread]
class ProcessLock {
 public:
  /// Creates `file` with mode 0600 if absent. The error names the file and the cause.
  static Result<ProcessLock, std::string> open(const std::filesystem::path& file);

  std::int64_t id() const noexcept { return id_; }
  bool is_alive(std::int64_t id) const;
  /// Whether another user has the file open.
  bool has_others() const;

  /// Held exclusively among all users of the file, for one-time setup. Released by the destructor.
  class Setup {
   public:
    explicit Setup(int file) noexcept : file_(file) {}
    Setup(Setup&& other) noexcept;
    Setup& operator=(Setup&&) = delete;
    ~Setup();

   private:
    int file_;
  };
  /// Fails if another user holds it for longer than `limit`. Blocks meanwhile.
  Result<Setup, std::string> set_up(std::chrono::milliseconds limit) const;

 private:
  ProcessLock(Descriptor file, std::int64_t id) noexcept : file_(std::move(file)), id_(id) {}

  Descriptor file_;
  std::int64_t id_;
};

/// Whether `folder` is on a file system that several machines can mount (NFS, SMB, Ceph…).
bool is_on_network(const std::filesystem::path& folder);

}  // namespace penstock::session
