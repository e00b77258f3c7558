#pragma once

#include <memory>

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Loads the plugins that a configuration names and checks the configuration against them, without
/// opening its state or any connection. Problems are added to parsed.problems. Returns the plugins
/// that could be loaded; null if `plugins` could not be read.
std::shared_ptr<const loader::PluginSet> check(config::ParsedConfig& parsed);

/// Checks PENSTOCK_STATE_KEY, and that the state folder can be written or created. A database is
/// first contacted when it is opened.
void check_state(config::ParsedConfig& parsed);

}  // namespace penstock::engine
