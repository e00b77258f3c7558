#pragma once

#include "config/reader/parsed_config.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::engine {

/// Finds each enabled integration whose rotating credential another one before it has too. One that
/// the vendor always replaces is a consent of one customer, given twice by mistake: a problem. One
/// that it may replace is worth a note: the two share one state and one lease, which is safe as
/// long as they share the store.
void check_shared_credentials(const loader::PluginSet& plugins, config::ParsedConfig& reading);

}  // namespace penstock::engine
