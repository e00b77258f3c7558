#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace penstock {

/// A string that must not be shown. It has no stream operator and no conversion, and its memory is
/// wiped on destruction and assignment. Reading it requires reveal(), so every use can be searched
/// for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  /// The plain text; valid until this object changes.
  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  void wipe() noexcept;

  std::string text_;
};

/// Whether both are equal, in time that depends only on the length of `given`.
bool same_secret(std::string_view given, std::string_view expected) noexcept;

}  // namespace penstock
