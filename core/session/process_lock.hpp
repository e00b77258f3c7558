#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <penstock/result.hpp>

#include "base/descriptor.hpp"

namespace penstock::session {

/// Shows the other users of a state folder that this one is alive, whatever happens to it: an open
/// file description lock on one byte of a common file, at an offset that is the user's id. The
/// kernel drops it when the description is closed or its process dies. Two users in one process are
/// as distinct as two processes, and process ids, which differ between containers, play no part.
/// [any-thread]
class ProcessLock {
 public:
  /// `file` is made 0600 if absent. The error is a sentence's end: "…: why".
  static Result<ProcessLock, std::string> open(const std::filesystem::path& file);

  std::int64_t id() const noexcept { return id_; }
  bool is_alive(std::int64_t id) const;
  /// Whether anybody else has the file open.
  bool has_others() const;

  /// Exclusive among all users of the file as long as it lives: for what is set up once.
  class Setup {
   public:
    explicit Setup(int file) noexcept : file_(file) {}
    Setup(Setup&& other) noexcept;
    Setup& operator=(Setup&&) = delete;
    ~Setup();

   private:
    int file_;
  };
  /// Fails when another user keeps it for longer than `limit`.
  Result<Setup, std::string> set_up(std::chrono::milliseconds limit) const;

 private:
  ProcessLock(Descriptor file, std::int64_t id) noexcept : file_(std::move(file)), id_(id) {}

  Descriptor file_;
  std::int64_t id_;
};

/// Whether `folder` is on a file system that several machines may mount (NFS, SMB, Ceph…).
bool is_on_network(const std::filesystem::path& folder);

}  // namespace penstock::session
