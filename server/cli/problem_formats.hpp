#pragma once

#include <string>

#include <penstock/config.hpp>

namespace penstock::cli {

/// {"problems":[{"file","line","column","end_column","message","suggestion"}]}; unknown members are
/// omitted. Notes, each with a place and a message, are in "notes" if there are any.
std::string problems_json(const ConfigProblems& problems, const ConfigProblems& notes = {});

/// Workflow commands of GitHub Actions, one per line; they become annotations of the files.
std::string problems_github(const ConfigProblems& problems);

/// The same for notes, which are not failures.
std::string notes_github(const ConfigProblems& notes);

}  // namespace penstock::cli
