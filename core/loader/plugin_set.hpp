#pragma once

#include <map>
#include <memory>
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

  /// Loads every *.so of the folder; every problem at once. `file` is the configuration's name, for
  /// messages.
  static Result<std::shared_ptr<const PluginSet>, ConfigProblems>
  load(const PluginsConfig& config, const std::string& file, const StagingFolder& staging);

  /// Null where there is no such API.
  const Entry* find(std::string_view tool, std::string_view api) const;

  const std::vector<std::shared_ptr<const Plugin>>& plugins() const { return plugins_; }
  std::vector<const Plugin*> of_tool(std::string_view tool) const;
  std::vector<std::string> tools() const;
  std::vector<std::string> api_ids() const;

  std::vector<ApiInfo> catalog() const;
  std::vector<PluginInfo> infos() const;

 private:
  std::vector<std::shared_ptr<const Plugin>> plugins_;
  std::map<std::string, Entry, std::less<>> apis_;  ///< "tool/api"
};

}  // namespace penstock::loader
