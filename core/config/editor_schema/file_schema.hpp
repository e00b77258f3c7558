#pragma once

#include <string_view>

namespace penstock::config {

/// The JSON Schema of integrations.yaml as far as no plugin has a say in it, for values as they are
/// meant: what may stand in the file for them is written()'s. A test compares its keys with those
/// that the reader (config.cpp) knows.
std::string_view file_schema();

}  // namespace penstock::config
