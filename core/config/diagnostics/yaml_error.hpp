#pragma once

#include <string>
#include <string_view>

#include <penstock/config.hpp>

#include "config/diagnostics/source_text.hpp"

namespace penstock::config {

struct YamlError {
  Mark at;
  std::string message;  ///< the end of "is not valid YAML: …"; quotes nothing of the file
};

/// What a syntax error is and how to correct it, from yaml-cpp's few words for it and the line
/// where they were said. `value` is where the value that was being read begins; line 0: unknown.
YamlError explain(std::string_view said, Mark at, Mark value, const SourceText& source);

}  // namespace penstock::config
