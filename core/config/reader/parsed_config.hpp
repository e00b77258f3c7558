#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <penstock/config.hpp>

#include "config/reader/map_reader.hpp"
#include "config/reader/yaml_tree.hpp"

namespace penstock::config {

/// What of an integration stands in the file and could not be read. A problem says so already.
struct UnparsedFields {
  bool connection = false;
  std::map<std::string, Mark> fields;  ///< of the connection, with the place of their names
};

/// A configuration as far as it could be read, and what is wrong with it so far.
struct ParsedConfig {
  Config config;
  ConfigProblems problems;
  ConfigProblems notes;  ///< worth a look, and no problem: `problems` says what stops a start
  std::vector<UnparsedFields> unread;  ///< one for each of config.integrations
  bool plugins = false;                ///< `plugins` was read whole: its folder may be loaded
  std::set<std::string> unread_pins;

  std::string yaml;
  YamlNode root;
  std::vector<Mark> clear;  ///< of the scalars that may be shown
  Written written_instead;

  /// A name or a value for messages: as it is written where it was put together from elsewhere.
  std::string written(Mark at, std::string value) const;
};

ParsedConfig read(std::string_view yaml, const std::string& name,
                  const std::filesystem::path& directory);
ParsedConfig read(const std::filesystem::path& file);

/// The notes sorted, with their excerpts.
ConfigProblems finish_notes(ParsedConfig& reading);

/// The problems sorted, each once, and the first thousand with their excerpts.
ConfigProblems finish(ParsedConfig& reading);

}  // namespace penstock::config
