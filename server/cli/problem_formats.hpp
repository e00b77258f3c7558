#pragma once

#include <string>

#include <penstock/config.hpp>

namespace penstock::cli {

/// {"problems":[{"file","line","column","end_column","message","suggestion"}]}; what is unknown is
/// left out.
std::string problems_json(const ConfigProblems& problems);

/// Workflow commands of GitHub Actions, one line each: they become annotations of the files.
std::string problems_github(const ConfigProblems& problems);

}  // namespace penstock::cli
