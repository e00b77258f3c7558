#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock::server {

/// An option or a connection field, as people need it.
struct FieldDoc {
  std::string name;
  std::string need;  ///< "required", "default v1", "optional", "required where grant is jwt_bearer"
  std::string about;      ///< what it is and which values are right
  bool required = false;  ///< also: by the default of the field that it depends on
};

/// Those that an API needs first, else in the schema's order.
std::vector<FieldDoc> option_fields(const ApiInfo& api);
std::vector<FieldDoc> connection_fields(const ApiInfo& api);

/// Whether a connection is complete for an API, the defaults being there. `value`: what is
/// configured for a field.
bool is_complete(const ApiInfo& api,
                 const std::function<std::optional<std::string_view>(const std::string&)>& value);

}  // namespace penstock::server
