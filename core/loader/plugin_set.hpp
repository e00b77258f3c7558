#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <penstock/catalog.hpp>
#include <penstock/config.hpp>

#include "loader/plugin.hpp"

namespace penstock::loader {

/// All plugins of one moment. Immutable: a reload makes a new set, calls in flight keep theirs.
class PluginSet {
 public:
  struct Entry {
    std::shared_ptr<const Plugin> plugin;
    const catalog::Api* api = nullptr;
  };

  struct Loaded;

  /// Loads every *.so of the folder; every problem at once, each where it is to be mended: in the
  /// plugin, or in the configuration, whose name is `file`. `unread_pins` name plugins whose pin is
  /// there and could not be read: those are not loaded, and nothing is said.
  static Loaded load(const PluginsConfig& config, const std::string& file,
                     const std::set<std::string>& unread_pins);

  /// Null where there is no such API.
  const Entry* find(std::string_view tool, std::string_view api) const;

  const std::vector<std::shared_ptr<const Plugin>>& plugins() const { return plugins_; }
  /// Where they were looked for, for messages.
  const std::string& directory() const { return directory_; }
  std::vector<const Plugin*> of_tool(std::string_view tool) const;
  std::vector<std::string> tools() const;
  std::vector<std::string> api_ids() const;

  std::vector<ApiInfo> catalog() const;
  std::vector<PluginInfo> infos() const;

 private:
  std::string directory_;
  std::vector<std::shared_ptr<const Plugin>> plugins_;
  std::map<std::string, Entry, std::less<>> apis_;  ///< "tool/api"
};

/// What of a folder could be loaded, and what is wrong with the rest.
struct PluginSet::Loaded {
  std::shared_ptr<const PluginSet> plugins;
  ConfigProblems problems;
  std::vector<std::string> refused;  ///< file names without .so and, where known, tools

  /// Whether a plugin that was refused may be one of the tool.
  bool lacks_some_of(std::string_view tool) const;
};

}  // namespace penstock::loader
