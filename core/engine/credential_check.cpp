#include "engine/credential_check.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace penstock::engine {
namespace {

const ConnectionField* given(const IntegrationConfig& integration, const std::string& name) {
  const auto found = std::ranges::find(integration.connection, name, &ConnectionField::name);
  return found == integration.connection.end() ? nullptr : &*found;
}

/// The field's value, or its default.
std::string value_of(const IntegrationConfig& integration, const catalog::Manifest& manifest,
                     const std::string& name) {
  if (const ConnectionField* field = given(integration, name))
    return std::string(field->value.reveal());
  const auto fields = manifest.connection.fields();
  const auto found = std::ranges::find(fields, name, &schema::FieldInfo::name);
  return found == fields.end() ? std::string() : found->default_text;
}

}  // namespace

void check_shared_credentials(const loader::PluginSet& plugins, config::ParsedConfig& parsed) {
  std::map<std::pair<std::string, std::string>, const IntegrationConfig*> owners;
  for (const IntegrationConfig& integration : parsed.config.integrations) {
    if (!integration.enabled || integration.tool.empty()) continue;
    for (const loader::Plugin* plugin : plugins.of_tool(integration.tool)) {
      const catalog::Manifest& manifest = plugin->manifest();
      const std::string name = catalog::rotating_field(manifest, [&](const std::string& field) {
        return value_of(integration, manifest, field);
      });
      const ConnectionField* const field = name.empty() ? nullptr : given(integration, name);
      if (field == nullptr) continue;
      const auto [owner, is_first] =
          owners.try_emplace({manifest.id, std::string(field->value.reveal())}, &integration);
      if (is_first) continue;
      const IntegrationConfig& other = *owner->second;
      const ConnectionField* const theirs = given(other, name);
      const std::size_t line = theirs == nullptr ? 0 : static_cast<std::size_t>(theirs->at.line);
      const bool always = std::ranges::any_of(manifest.apis, [&](const catalog::Api& api) {
        return api.session && api.session->rotates == name && api.session->always_rotates;
      });
      std::string message = "connection." + name + " is also used by integration \"" +
                            parsed.displayed(other.id_at, other.id) + "\"" +
                            (line > 0 ? " (line " + std::to_string(line) + ")" : std::string());
      message +=
          always
              ? ": the vendor replaces it at each use and treats a second use as theft; give each "
                "integration its own consent, or let the callers share one integration"
              : ": if the vendor replaces it, both use the new one as long as they share the state";
      (always ? parsed.problems : parsed.notes)
          .push_back({parsed.config.file, field->at, std::move(message)});
    }
  }
}

}  // namespace penstock::engine
