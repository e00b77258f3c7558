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

/// A snapshot of all plugins. Immutable: a reload creates a new set, and calls in flight keep
/// theirs.
class PluginSet {
 public:
  struct Entry {
    std::shared_ptr<const Plugin> plugin;
    const catalog::Api* api = nullptr;
  };

  struct Loaded;

  /// Loads every *.so of the folder. Reports all problems at once, each at the place where it has
  /// to be fixed: the plugin, or the configuration, whose name is `file`. `invalid_pins` names
  /// plugins whose pin is there but could not be read: they are not loaded, and no problem is added
  /// for them.
  static Loaded load(const PluginsConfig& config, const std::string& file,
                     const std::set<std::string>& invalid_pins);

  /// Null if there is no such API.
  const Entry* find(std::string_view tool, std::string_view api) const;

  const std::vector<std::shared_ptr<const Plugin>>& plugins() const { return plugins_; }
  /// The folder that the plugins were loaded from, for messages.
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

/// The plugins of a folder that could be loaded, and the problems of the others.
struct PluginSet::Loaded {
  std::shared_ptr<const PluginSet> plugins;
  ConfigProblems problems;
  std::vector<std::string> refused;  ///< file names without .so, and tools if known; "": the folder

  /// Whether one of the refused plugins may belong to the tool.
  bool may_lack_plugins_of(std::string_view tool) const;
};

}  // namespace penstock::loader
