#pragma once

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Finds each enabled integration that has the same rotating credential as an earlier one. If the
/// vendor always replaces the credential, the consent of one customer was configured twice by
/// mistake: a problem. If the vendor may replace it: a note, as the two share one state and one
/// lease, which is safe while they share the store.
void check_shared_credentials(const loader::PluginSet& plugins, config::ParsedConfig& parsed);

}  // namespace penstock::engine
