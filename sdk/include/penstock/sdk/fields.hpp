#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <penstock/sdk/fail.hpp>
#include <penstock/sdk/plugin_abi.h>

namespace penstock::sdk {

/// The ABI string as a view; empty if its pointer is null.
inline std::string_view view(pst_str text) noexcept {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}
/// The view as an ABI string. Does not copy.
inline pst_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

namespace detail {

/// The optimal string alignment distance: the number of inserted, removed, changed or transposed
/// characters.
inline std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = above;
    above = row;
  }
  return above[b.size()];
}

}  // namespace detail

/// Named values: a connection, options, headers or a query. Names are case-sensitive.
class Fields {
 public:
  Fields() = default;
  Fields(const pst_kv* items, std::uint32_t count) : items_(items), count_(count) {}

  /// Values with a closed set of names. Looking up any other name is a bug in the plugin and ends
  /// the invocation with PST_E_INTERNAL, so a call is never signed with an empty value by mistake.
  /// `what` begins the error message: "the connection's schema".
  Fields(const pst_kv* items, std::uint32_t count, const pst_str* names, std::uint64_t n_names,
         const char* what)
      : items_(items), count_(count), names_(names), n_names_(n_names), what_(what) {}

  /// Returns the value; empty if it is not set.
  std::string_view operator[](std::string_view name) const {
    const pst_kv* found = find(name);
    return found == nullptr ? std::string_view() : view(found->val);
  }
  /// Returns whether the value is set.
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  const pst_kv* find(std::string_view name) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (view(items_[i].key) == name) return &items_[i];
    }
    if (names_ != nullptr) check_known(name);
    return nullptr;
  }

  void check_known(std::string_view name) const {
    for (std::uint64_t i = 0; i < n_names_; ++i) {
      if (view(names_[i]) == name) return;
    }
    std::string_view nearest;
    std::size_t least = 3;
    for (std::uint64_t i = 0; i < n_names_; ++i) {
      const std::string_view known = view(names_[i]);
      const std::size_t wrong = detail::edits(name.substr(0, 64), known.substr(0, 64));
      if (wrong < least) {
        least = wrong;
        nearest = known;
      }
    }
    std::string message = std::string(what_) + " has no \"" + std::string(name) + "\"";
    if (!nearest.empty()) message += "; did you mean \"" + std::string(nearest) + "\"?";
    fail(PST_E_INTERNAL, std::move(message));
  }

  const pst_kv* items_ = nullptr;
  std::uint32_t count_ = 0;
  const pst_str* names_ = nullptr;  ///< null: any name may be looked up
  std::uint64_t n_names_ = 0;
  const char* what_ = "";
};

}  // namespace penstock::sdk
