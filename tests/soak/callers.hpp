#pragma once

#include <cstdint>

namespace penstock::soak {

/// The callers' side, in a process of its own: kept connections that make calls of all kinds, a
/// batch at a time. It ends with its parent.
class CallerProcess {
 public:
  explicit CallerProcess(int connections);
  ~CallerProcess();
  CallerProcess(const CallerProcess&) = delete;
  CallerProcess& operator=(const CallerProcess&) = delete;

  /// Where the server listens, and the host localhost that has files. Before the first run().
  void connect_to(std::uint16_t port, std::uint16_t files_port);

  /// Makes that many calls and waits for their ends. Gives how many ended otherwise than their kind
  /// should.
  std::uint64_t run(std::uint64_t calls);

 private:
  int pid_ = -1, commands_ = -1, results_ = -1;
};

}  // namespace penstock::soak
