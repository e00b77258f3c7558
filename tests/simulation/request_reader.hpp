#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::simulation {

/// A request of the engine, as far as it has come: its mark, and whether it is whole.
class RequestReader {
 public:
  void feed(std::string_view bytes) {
    text_ += bytes;
    if (!mark_) read_mark();
    if (head_ == std::string::npos) read_head();
    if (head_ != std::string::npos && !complete_) read_body();
  }

  bool started() const { return !text_.empty(); }
  const std::optional<int>& mark() const { return mark_; }
  bool head_complete() const { return head_ != std::string::npos; }
  bool complete() const { return complete_; }
  const std::string& body() const { return body_; }

 private:
  void read_mark() {
    const std::size_t at = text_.find("/m");
    const std::size_t end = text_.find(" HTTP/1.1", at);
    if (at == std::string::npos || end == std::string::npos) return;
    int mark = 0;
    std::from_chars(text_.data() + at + 2, text_.data() + end, mark);
    mark_ = mark;
  }

  void read_head() {
    const std::size_t end = text_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    head_ = end + 4;
    const std::size_t length = text_.find("Content-Length: ");
    chunked_ = text_.find("Transfer-Encoding: chunked") < head_;
    if (length < head_) length_ = std::stoul(text_.substr(length + 16));
    at_ = head_;
  }

  void read_body() {
    if (!chunked_) {
      complete_ = text_.size() >= head_ + length_;
      if (complete_) body_ = text_.substr(head_, length_);
      return;
    }
    while (!complete_) {
      const std::size_t line = text_.find("\r\n", at_);
      if (line == std::string::npos) return;
      std::size_t size = 0;
      std::from_chars(text_.data() + at_, text_.data() + line, size, 16);
      if (text_.size() < line + 2 + size + 2) return;
      body_ += text_.substr(line + 2, size);
      at_ = line + 2 + size + 2;
      complete_ = size == 0;
    }
  }

  std::string text_, body_;
  std::optional<int> mark_;
  std::size_t head_ = std::string::npos, length_ = 0, at_ = 0;
  bool chunked_ = false, complete_ = false;
};

}  // namespace penstock::simulation
