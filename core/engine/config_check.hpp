#pragma once

#include <memory>

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Loads the plugins that a configuration names and checks it against them, without its state and
/// without a connection to anything. What is wrong is added to reading.problems; the plugins are
/// those that could be loaded; null where none was to be.
std::shared_ptr<const loader::PluginSet> check(config::ParsedConfig& reading);

/// A folder that can be written, or made. A database is asked only when it is opened.
void check_state(config::ParsedConfig& reading);

}  // namespace penstock::engine
