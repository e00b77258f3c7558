#pragma once

#include <string_view>

namespace penstock::config {

/// The JSON Schema of integrations.yaml without the parts that depend on plugins. It describes the
/// intended values; yaml_schema() derives from it what the file may contain. A test compares its
/// keys with those known to the reader (config.cpp).
std::string_view file_schema();

}  // namespace penstock::config
