#include "engine/connection_check.hpp"

#include <algorithm>
#include <set>

#include <penstock/missing_fields.hpp>
#include <penstock/text.hpp>

#include "config/reader/secret_rule.hpp"
#include "host/signing_key.hpp"

namespace penstock::engine {
namespace {

using Plugins = std::vector<const loader::Plugin*>;

/// What the plugins of one tool declare about a connection field.
struct Field {
  bool known = false;
  bool secret = false;
  std::vector<std::string> choices;
};

class ConnectionCheck {
 public:
  ConnectionCheck(const IntegrationConfig& integration, const config::UnparsedFields& unparsed,
                  Plugins plugins, bool all_plugins, config::ParsedConfig& parsed)
      : integration_(integration), unparsed_(unparsed), plugins_(std::move(plugins)),
        all_plugins_(all_plugins), parsed_(parsed) {
    for (const loader::Plugin* plugin : plugins_) {
      for (const schema::FieldInfo& field : plugin->manifest().connection.fields())
        known_.push_back(field.name);
    }
  }

  void run() {
    for (const ConnectionField& field : integration_.connection)
      check_text(field);
    for (const ConnectionField& field : integration_.connection) {
      check_name(field.name, field.name_at.line > 0 ? field.name_at : field.at);
      const Field info = about(field.name);
      if (info.known && !info.secret && all_plugins_) parsed_.unmasked.push_back(field.at);
    }
    for (const auto& [name, at] : unparsed_.fields)
      check_name(name, at);
    for (const loader::Plugin* plugin : plugins_)
      check_values(*plugin);
    if (all_plugins_) check_completeness();
  }

 private:
  void problem(Mark at, std::string message, std::string suggestion = {}) {
    if (!said_.insert(message).second) return;  // plugins of one tool may share fields
    parsed_.problems.push_back(
        {parsed_.config.file, at, std::move(message), std::move(suggestion), {}});
  }

  Field about(const std::string& name) const {
    Field out;
    for (const loader::Plugin* plugin : plugins_) {
      const auto fields = plugin->manifest().connection.fields();
      const auto found = std::ranges::find(fields, name, &schema::FieldInfo::name);
      if (found == fields.end()) continue;
      out.known = true;
      out.secret = out.secret || found->secret;
      out.choices.insert(out.choices.end(), found->choices.begin(), found->choices.end());
    }
    return out;
  }

  /// The algorithm that the field's private key is for, where a plugin says so.
  std::optional<host::SignatureAlgorithm> signs_with(const std::string& name) const {
    for (const loader::Plugin* plugin : plugins_) {
      const auto& keys = plugin->manifest().signing_keys;
      const auto found = keys.find(name);
      if (found != keys.end()) return host::signature_algorithm(found->second);
    }
    return std::nullopt;
  }

  /// Rules for the text of every field, whatever its schema.
  void check_text(const ConnectionField& field) {
    const std::string_view value = field.value.reveal();
    std::string trouble = config::secret_trouble(value);
    if (trouble.empty() && value.find("-----BEGIN ") != std::string_view::npos)
      trouble = host::signing_key_problem(value, signs_with(field.name));
    if (trouble.empty()) return;
    problem(field.at, "connection." + parsed_.displayed(field.name_at, field.name) + " " + trouble);
    unsound_.insert(field.name);
  }

  void check_name(const std::string& name, Mark at) {
    if (!all_plugins_ || about(name).known) return;
    const std::string near = nearest(name, known_);
    if (!near.empty()) meant_.insert(near);
    problem(at,
            "tool " + integration_.tool + " has no connection field \"" +
                parsed_.displayed(at, name) + "\"" + did_you_mean(name, known_),
            near);
  }

  void check_values(const loader::Plugin& plugin) {
    const schema::Schema& schema = plugin.manifest().connection;
    std::vector<std::pair<std::string_view, std::string_view>> given;
    const auto fields = schema.fields();
    for (const ConnectionField& field : integration_.connection) {
      if (std::ranges::find(fields, field.name, &schema::FieldInfo::name) != fields.end())
        given.emplace_back(field.name, field.value.reveal());
    }
    for (const Problem& one : schema.validate_fields(given, "").problems) {
      const std::string name = one.pointer.empty() ? one.pointer : one.pointer.substr(1);
      const auto field = std::ranges::find(integration_.connection, name, &ConnectionField::name);
      const bool is_absent = field == integration_.connection.end();
      if (is_absent ? is_unparsed_or_misspelled(name) : unsound_.contains(name)) continue;
      const Field info = about(name);
      problem(is_absent ? integration_.connection_at : field->at,
              (name.empty() ? "connection " : "connection." + name + " ") + one.message,
              is_absent || info.secret ? "" : nearest(field->value.reveal(), info.choices));
      broken_.insert(name);
    }
  }

  bool is_unparsed_or_misspelled(const std::string& name) const {
    return unparsed_.fields.contains(name) || meant_.contains(name);
  }

  /// The field's value, or its default; empty if it has none or cannot be known.
  std::string value(const loader::Plugin& plugin, const std::string& name) const {
    const auto given = std::ranges::find(integration_.connection, name, &ConnectionField::name);
    if (given != integration_.connection.end()) {
      return broken_.contains(name) ? std::string() : std::string(given->value.reveal());
    }
    if (is_unparsed_or_misspelled(name)) return {};
    const auto fields = plugin.manifest().connection.fields();
    const auto field = std::ranges::find(fields, name, &schema::FieldInfo::name);
    return field == fields.end() ? std::string() : field->default_text;
  }

  std::vector<std::string> missing(const loader::Plugin& plugin, const catalog::Api& api) const {
    std::vector<std::string> out =
        missing_fields(api.connection_required, api.connection_required_when,
                       [&](const std::string& name) { return value(plugin, name); });
    std::erase_if(out, [&](const std::string& name) {
      return is_unparsed_or_misspelled(name) || broken_.contains(name);
    });
    return out;
  }

  /// At least one API must be callable.
  void check_completeness() {
    std::vector<std::string> lacks;
    for (const loader::Plugin* plugin : plugins_) {
      for (const catalog::Api& api : plugin->manifest().apis) {
        const std::vector<std::string> names = missing(*plugin, api);
        if (names.empty()) return;
        for (const std::string& name : names)
          lacks.push_back(name + " (" + api.id() + ")");
      }
    }
    problem(integration_.connection_at, "the connection lacks required fields of every API of " +
                                            integration_.tool + "; missing: " + joined(lacks));
  }

  const IntegrationConfig& integration_;
  const config::UnparsedFields& unparsed_;
  const Plugins plugins_;
  const bool all_plugins_;
  config::ParsedConfig& parsed_;
  std::vector<std::string> known_;
  std::set<std::string> said_, meant_, broken_, unsound_;
};

}  // namespace

void check_connection(std::size_t index, const loader::PluginSet::Loaded& loaded,
                      config::ParsedConfig& parsed) {
  const IntegrationConfig& integration = parsed.config.integrations[index];
  if (integration.tool.empty()) return;  // reported by the reader if it comes from a file
  Plugins plugins = loaded.plugins->of_tool(integration.tool);
  const bool all_plugins = !loaded.may_lack_plugins_of(integration.tool);
  if (plugins.empty() && all_plugins) {
    const std::vector<std::string> tools = loaded.plugins->tools();
    parsed.problems.push_back({parsed.config.file,
                               integration.tool_at,
                               "unknown tool \"" +
                                   parsed.displayed(integration.tool_at, integration.tool) + "\"" +
                                   (tools.empty() && loaded.refused.empty()
                                        ? "; there is no plugin in " +
                                              parsed.displayed(parsed.config.plugins.directory_at,
                                                               loaded.plugins->directory())
                                        : did_you_mean(integration.tool, tools)),
                               nearest(integration.tool, tools),
                               {}});
  }
  const config::UnparsedFields& unparsed = parsed.unparsed[index];
  if (plugins.empty() || unparsed.connection) return;
  ConnectionCheck(integration, unparsed, std::move(plugins), all_plugins, parsed).run();
}

}  // namespace penstock::engine
