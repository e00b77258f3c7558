#pragma once

#include <string>

#include <penstock/config.hpp>

namespace penstock::cli {

/// {"problems":[{"file","line","column","end_column","message","suggestion"}]}; what is unknown is
/// left out. Notes, of which each has a place and a message, stand in "notes" where there are some.
std::string problems_json(const ConfigProblems& problems, const ConfigProblems& notes = {});

/// Workflow commands of GitHub Actions, one line each: they become annotations of the files.
std::string problems_github(const ConfigProblems& problems);

/// The same for notes, which fail nothing.
std::string notes_github(const ConfigProblems& notes);

}  // namespace penstock::cli
