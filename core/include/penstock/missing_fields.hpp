#pragma once

#include <string>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock {

/// The connection fields that an API requires and that have no value, in the order of its manifest:
/// `required` always, those of `required_when` if its field has its value. `value_of(name)` returns
/// a field's value, or its default, as a string or string_view; empty: it has none. [any-thread]
template <class ValueOf>
std::vector<std::string> missing_fields(const std::vector<std::string>& required,
                                        const std::vector<FieldsWhen>& required_when,
                                        const ValueOf& value_of) {
  std::vector<std::string> out;
  const auto require = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (value_of(name).empty()) out.push_back(name);
    }
  };
  require(required);
  for (const FieldsWhen& when : required_when) {
    if (value_of(when.field) == when.equals) require(when.fields);
  }
  return out;
}

}  // namespace penstock
