#include "penstock/headers.hpp"

#include <algorithm>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

namespace penstock {
namespace {

/// A predicate for the fields called `name`. Most names differ in length already.
auto called(std::string_view name) {
  return [name](const Field& field) {
    return field.name.size() == name.size() && equal_ignoring_case(field.name, name);
  };
}

}  // namespace

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(fields_, called(name));
  if (found == fields_.end()) return std::nullopt;
  return found->value;
}

bool Headers::has(std::string_view name) const noexcept {
  return std::ranges::any_of(fields_, called(name));
}

std::size_t Headers::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(fields_, called(name)));
}

std::vector<std::string> Headers::list(std::string_view name) const {
  std::vector<std::string> members;
  for (const Field& field : fields_) {
    if (called(name)(field))
      for_each_list_member(field.value,
                           [&](std::string_view member) { members.emplace_back(member); });
  }
  return members;
}

bool Headers::list_has(std::string_view name, std::string_view member) const noexcept {
  return std::ranges::any_of(fields_, [&](const Field& field) {
    return called(name)(field) && list_has_member(field.value, member);
  });
}

void Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string name, std::string value) {
  const auto first = std::ranges::find_if(fields_, called(name));
  if (first == fields_.end()) return add(std::move(name), std::move(value));
  fields_.erase(std::remove_if(first + 1, fields_.end(), called(name)), fields_.end());
  *first = {std::move(name), std::move(value)};
}

void Headers::set_default(std::string_view name, std::string_view value) {
  if (!has(name)) add(std::string(name), std::string(value));
}

std::size_t Headers::erase(std::string_view name) noexcept { return erase_if(called(name)); }

}  // namespace penstock
