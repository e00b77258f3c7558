#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock::server {

/// The documentation of an option or a connection field, for people.
struct FieldDoc {
  std::string name;
  std::string need;       ///< "required", "default v1" or "optional"
  std::string about;      ///< what it is and which values are valid
  bool required = false;  ///< also if the default of the field it depends on makes it required
};

/// Required fields first, otherwise in the schema's order.
std::vector<FieldDoc> option_fields(const ApiInfo& api);
std::vector<FieldDoc> connection_fields(const ApiInfo& api);

/// Whether a connection is complete for an API, counting defaults. `value` returns what is
/// configured for a field.
bool is_complete(const ApiInfo& api,
                 const std::function<std::optional<std::string_view>(const std::string&)>& value);

}  // namespace penstock::server
