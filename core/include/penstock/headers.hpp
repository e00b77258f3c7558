#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// A header field or a query parameter, as written.
struct Field {
  std::string name;
  std::string value;

  friend bool operator==(const Field&, const Field&) = default;
};

/// The header or trailer fields of a message, in order, with duplicates, names and values as
/// written. Field names are looked up ignoring the case of ASCII letters (RFC 9110 section 5.1); no
/// lookup allocates memory. A value type; not thread-safe.
///
///     Headers headers = {{"Accept", "text/csv"}};
///     headers.set_default("User-Agent", "example/1.0");
///     for (const Field& field : headers) std::cout << field.name << ": " << field.value << '\n';
///
/// Views and iterators are valid until the headers change.
class Headers {
 public:
  using value_type = Field;
  using iterator = std::vector<Field>::iterator;
  using const_iterator = std::vector<Field>::const_iterator;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}
  explicit Headers(std::vector<Field> fields) noexcept : fields_(std::move(fields)) {}

  /// The value of the first field called `name`; none if there is no such field.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;

  /// The members of all fields called `name`, which are comma-separated lists of tokens such as
  /// Connection (RFC 9110 section 5.6.1), without empty members. Commas in quotes count, too.
  std::vector<std::string> list(std::string_view name) const;
  /// Whether that list has `member`, ignoring case.
  bool list_has(std::string_view name, std::string_view member) const noexcept;

  /// Appends a field, also if there is one of its name.
  void add(std::string name, std::string value);
  /// Replaces the first field of this name and removes any others; appends it if there is none.
  void set(std::string name, std::string value);
  /// Appends a field unless there is one of its name.
  void set_default(std::string_view name, std::string_view value);
  /// Removes all fields called `name`; returns how many there were.
  std::size_t erase(std::string_view name) noexcept;
  /// Removes the fields for which `matches(field)` is true; returns how many there were.
  template <class Predicate>
  std::size_t erase_if(Predicate matches) {
    return std::erase_if(fields_, std::move(matches));
  }

  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  void reserve(std::size_t size) { fields_.reserve(size); }
  const Field& operator[](std::size_t index) const noexcept { return fields_[index]; }

  iterator begin() noexcept { return fields_.begin(); }
  iterator end() noexcept { return fields_.end(); }
  const_iterator begin() const noexcept { return fields_.begin(); }
  const_iterator end() const noexcept { return fields_.end(); }

  friend bool operator==(const Headers&, const Headers&) = default;

 private:
  std::vector<Field> fields_;
};

}  // namespace penstock
