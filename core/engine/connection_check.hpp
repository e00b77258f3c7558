#pragma once

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Checks one integration's tool and connection against the plugins. What could not be read, or may
/// be the business of a plugin that could not be loaded, is left alone. Fields that no plugin calls
/// a secret are added to reading.clear.
void check_connection(std::size_t integration, const loader::PluginSet::Loaded& loaded,
                      config::ParsedConfig& reading);

}  // namespace penstock::engine
