#include "loader/plugin_set.hpp"

#include <algorithm>
#include <set>

#include <penstock/text.hpp>

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
  info.owned_headers = api.owned_headers;
  return info;
}

/// Whether the plugin's digest is its pin, or nothing is pinned. False: a problem was added.
bool matches_pin(const PluginFile& file, const PluginsConfig& config, const std::string& name,
                 const std::string& config_file, ConfigProblems& problems) {
  if (config.pins.empty()) return true;
  const auto pin = config.pins.find(name);
  if (pin == config.pins.end()) {
    problems.push_back({config_file, config.pins_at,
                        "plugin " + file.path.string() +
                            " is not in plugins.pins; add it with sha256 " + file.sha256});
    return false;
  }
  if (pin->second == file.sha256) return true;
  const auto mark = config.pin_marks.find(name);
  problems.push_back(
      {config_file, mark == config.pin_marks.end() ? config.pins_at : mark->second,
       "plugin " + file.path.string() + " has sha256 " + file.sha256 + ", but its pin differs"});
  return false;
}

}  // namespace

PluginSet::Loaded PluginSet::load(const PluginsConfig& config, const std::string& file,
                                  const std::set<std::string>& invalid_pins) {
  Loaded out;
  const auto set = std::make_shared<PluginSet>();
  out.plugins = set;
  set->directory_ = config.directory.string();
  const auto configured = [&](Mark at, std::string message) {
    out.problems.push_back({file, at, std::move(message)});
  };
  const Pinned pinned = config.pins.empty() ? Pinned::no : Pinned::yes;
  if (const std::string why = writable_by_others(config.directory, pinned); !why.empty()) {
    configured(config.directory_at, "plugins.directory: " + why);
    out.refused.emplace_back();
    return out;
  }
  std::set<std::string> unmatched_pins;
  for (const auto& [name, sha256] : config.pins)
    unmatched_pins.insert(name);

  std::error_code error;
  for (const std::filesystem::path& path : libraries_in(config.directory, error)) {
    const std::string name = path.stem().string();
    unmatched_pins.erase(name);
    const auto refuse = [&](const std::vector<std::string>& reasons) {
      for (const std::string& reason : reasons)
        out.problems.push_back({path.string(), {}, reason});
      out.refused.push_back(name);
    };
    const auto read = read_plugin_file(path, pinned);
    if (!read) {
      refuse({read.error()});
      continue;
    }
    if (invalid_pins.contains(name) || !matches_pin(*read, config, name, file, out.problems)) {
      refuse({});
      continue;
    }
    auto plugin = Plugin::load(*read);
    if (!plugin) {
      refuse(plugin.error().reasons);
      if (!plugin.error().tool.empty()) out.refused.push_back(plugin.error().tool);
      continue;
    }
    for (const catalog::Api& api : (*plugin)->manifest().apis) {
      const auto [at, added] = set->apis_.try_emplace(api.id(), Entry{*plugin, &api});
      if (!added) {
        out.problems.push_back({path.string(),
                                {},
                                "it provides " + api.id() + ", which " +
                                    at->second.plugin->label() + " provides already"});
      }
    }
    set->plugins_.push_back(*std::move(plugin));
  }
  if (error) {
    configured(config.directory_at, "plugins.directory " + config.directory.string() +
                                        " cannot be read: " + error.message());
    out.refused.emplace_back();
  }
  for (const std::string& name : unmatched_pins) {
    if (error || invalid_pins.contains(name)) continue;
    configured(config.pin_marks.contains(name) ? config.pin_marks.at(name) : config.pins_at,
               "plugins.pins names " + name + ", which is not in plugins.directory");
  }
  return out;
}

bool PluginSet::Loaded::may_lack_plugins_of(std::string_view tool) const {
  return std::ranges::any_of(refused, [&](const std::string& name) {
    return name.empty() || name == tool || name.starts_with(std::string(tool) + "_");
  });
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
  auto loaded = loader::PluginSet::load(plugins, file, {});
  if (!loaded.problems.empty()) return failure(std::move(loaded.problems));
  return Catalog{loaded.plugins->catalog(), loaded.plugins->infos()};
}

}  // namespace penstock
