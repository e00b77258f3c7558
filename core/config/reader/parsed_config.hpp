#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <penstock/config.hpp>

#include "config/reader/map_reader.hpp"
#include "config/reader/yaml_tree.hpp"

namespace penstock::config {

/// The parts of an integration that are in the file but invalid. They are already reported.
struct UnparsedFields {
  bool connection = false;
  std::map<std::string, Mark> fields;  ///< connection fields, with the position of their names
};

/// A partially parsed configuration and the problems found so far.
struct ParsedConfig {
  Config config;
  ConfigProblems problems;
  ConfigProblems notes;  ///< worth a look, but not errors; only `problems` prevent a start
  std::vector<UnparsedFields> unparsed;  ///< one entry for each of config.integrations
  bool plugins = false;  ///< `plugins` was read completely: its folder may be loaded
  std::set<std::string> invalid_pins;

  std::string yaml;
  YamlNode root;
  std::vector<Mark> unmasked;  ///< positions of the scalars that may be shown
  DisplayedTexts displayed_texts;

  /// A name or value as messages show it: if it was interpolated, the text as written in the file.
  std::string displayed(Mark at, std::string value) const;
};

ParsedConfig read(std::string_view yaml, const std::string& name,
                  const std::filesystem::path& directory);
ParsedConfig read(const std::filesystem::path& file);

/// Returns the notes, sorted, with their excerpts.
ConfigProblems finish_notes(ParsedConfig& parsed);

/// Returns the problems, sorted and without duplicates, the first thousand with their excerpts.
ConfigProblems finish(ParsedConfig& parsed);

}  // namespace penstock::config
