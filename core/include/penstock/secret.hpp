#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// Text that must not be shown: no stream operator, no conversion, wiped when it dies or is
/// replaced. ParsedConfig it takes the word reveal(), so that every place that does can be found.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(other.text_) { other.wipe(); }
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
      text_ = other.text_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  /// The plain text; valid as long as this object is unchanged.
  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  void wipe() noexcept;

  std::string text_;
};

/// Whether both are the same, in a time that depends on the length of `given` alone.
bool same_secret(std::string_view given, std::string_view expected) noexcept;

}  // namespace penstock
