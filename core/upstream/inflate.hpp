#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::upstream {

/// A gzip or deflate stream (RFC 9110 section 8.4.1), decoded piece by piece into a bounded string.
class Inflate {
 public:
  Inflate();
  ~Inflate();
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  enum class Status : std::uint8_t { ok, broken, too_large };

  /// Appends what `bytes` decode to; `out` never grows past `most`.
  Status feed(std::string_view bytes, std::string& out, std::uint64_t most);

  /// Whether the stream came to its own end.
  bool finished() const { return finished_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool started_ = false, finished_ = false;
};

}  // namespace penstock::upstream
