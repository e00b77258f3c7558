#pragma once

#include <string>
#include <string_view>

#include <penstock/config.hpp>

#include "config/diagnostics/source_text.hpp"

namespace penstock::config {

struct YamlError {
  Mark at;
  std::string message;  ///< completes "is not valid YAML: …"; quotes nothing from the file
};

/// Explains a syntax error and how to fix it, from yaml-cpp's short message and the line where it
/// was reported. `value` is the start of the value that was being read; line 0: unknown.
YamlError explain(std::string_view said, Mark at, Mark value, const SourceText& source);

}  // namespace penstock::config
