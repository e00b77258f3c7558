#pragma once

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Checks the tool and connection of the integration at `index` against the plugins. Skips what
/// could not be read, and what a plugin that could not be loaded may define. Marks of fields that
/// no plugin declares secret are added to parsed.unmasked.
void check_connection(std::size_t index, const loader::PluginSet::Loaded& loaded,
                      config::ParsedConfig& parsed);

}  // namespace penstock::engine
