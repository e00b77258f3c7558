#include "loader/plugin_set.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace penstock::loader {
namespace {

std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder,
                                                std::error_code& error) {
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".so") found.push_back(at->path());
  }
  std::ranges::sort(found);
  return found;
}

ApiInfo describe(const Plugin& plugin, const catalog::Api& api) {
  ApiInfo info;
  info.tool = api.tool;
  info.api = api.name;
  info.title = api.title;
  info.docs_url = api.docs;
  info.base_urls = {api.base_url.text()};
  info.methods = api.methods;
  info.soap = api.soap;
  info.options_schema = api.options.json();
  info.connection_schema = plugin.manifest().connection.json();
  info.required_fields = api.connection_required;
  info.required_when = api.connection_required_when;
  info.examples = api.examples;
  if (api.verify) info.verify = api.verify->call;
  info.plugin = plugin.label();
  return info;
}

}  // namespace

Result<std::shared_ptr<const PluginSet>, ConfigProblems>
PluginSet::load(const PluginsConfig& config, const std::string& file,
                const StagingFolder& staging) {
  ConfigProblems problems;
  const auto problem = [&](std::string message) {
    problems.push_back({file, config.at, std::move(message)});
  };
  auto set = std::make_shared<PluginSet>();
  std::error_code error;
  std::set<std::string> unseen_pins;
  for (const auto& [name, sha256] : config.pins)
    unseen_pins.insert(name);

  for (const std::filesystem::path& path : libraries_in(config.directory, error)) {
    const std::string name = path.stem().string();
    const auto pin = config.pins.find(name);
    unseen_pins.erase(name);
    const auto read = read_plugin_file(path);
    if (!read) {
      problem("plugin " + path.string() + ": " + read.error());
      continue;
    }
    if (!config.pins.empty() && pin == config.pins.end()) {
      problem("plugin " + path.string() + " is not in plugins.pins; add it with sha256 " +
              read->sha256);
      continue;
    }
    if (pin != config.pins.end() && pin->second != read->sha256) {
      problem("plugin " + path.string() + " has sha256 " + read->sha256 + ", which is not its pin");
      continue;
    }
    auto plugin = Plugin::load(*read, staging);
    if (!plugin) {
      for (const std::string& reason : plugin.error())
        problem("plugin " + path.string() + ": " + reason);
      continue;
    }
    for (const catalog::Api& api : (*plugin)->manifest().apis) {
      const auto [at, added] = set->apis_.try_emplace(api.id(), Entry{*plugin, &api});
      if (!added) {
        problem("plugin " + path.string() + " offers " + api.id() + ", which " +
                at->second.plugin->label() + " offers already");
      }
    }
    set->plugins_.push_back(*std::move(plugin));
  }
  if (error)
    problem("plugins.directory " + config.directory.string() +
            " cannot be read: " + error.message());
  for (const std::string& name : unseen_pins)
    problem("plugins.pins names " + name + ", which is not in plugins.directory");
  if (!problems.empty()) return failure(std::move(problems));
  return std::shared_ptr<const PluginSet>(std::move(set));
}

const PluginSet::Entry* PluginSet::find(std::string_view tool, std::string_view api) const {
  std::string id;
  id.reserve(tool.size() + api.size() + 1);
  id.append(tool).append("/").append(api);
  const auto found = apis_.find(id);
  return found == apis_.end() ? nullptr : &found->second;
}

std::vector<const Plugin*> PluginSet::of_tool(std::string_view tool) const {
  std::vector<const Plugin*> out;
  for (const auto& plugin : plugins_) {
    if (plugin->manifest().tool == tool) out.push_back(plugin.get());
  }
  return out;
}

std::vector<std::string> PluginSet::tools() const {
  std::set<std::string> names;
  for (const auto& plugin : plugins_)
    names.insert(plugin->manifest().tool);
  return {names.begin(), names.end()};
}

std::vector<std::string> PluginSet::api_ids() const {
  std::vector<std::string> out;
  for (const auto& [id, entry] : apis_)
    out.push_back(id);
  return out;
}

std::vector<ApiInfo> PluginSet::catalog() const {
  std::vector<ApiInfo> out;
  for (const auto& [id, entry] : apis_)
    out.push_back(describe(*entry.plugin, *entry.api));
  return out;
}

std::vector<PluginInfo> PluginSet::infos() const {
  std::vector<PluginInfo> out;
  for (const auto& plugin : plugins_) {
    PluginInfo info{plugin->manifest().id, plugin->manifest().version, plugin->file().string(),
                    plugin->sha256(), plugin->abi()};
    for (const catalog::Api& api : plugin->manifest().apis)
      info.apis.push_back(api.id());
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace penstock::loader

namespace penstock {

Result<Catalog, ConfigProblems> load_catalog(const PluginsConfig& plugins,
                                             const std::string& file) {
  const auto staging = loader::StagingFolder::make();
  if (!staging) return failure(ConfigProblems{{file, {}, staging.error()}});
  const auto set = loader::PluginSet::load(plugins, file, *staging);
  if (!set) return failure(set.error());
  return Catalog{(*set)->catalog(), (*set)->infos()};
}

}  // namespace penstock
