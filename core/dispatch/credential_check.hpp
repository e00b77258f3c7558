#pragma once

#include "config/reading.hpp"
#include "loader/plugin_set.hpp"

namespace penstock::dispatch {

/// Adds a problem for each enabled integration whose rotating credential another one before it has
/// too: the first to renew would use it up for both, and the vendor would take the second use for a
/// theft.
void check_shared_credentials(const loader::PluginSet& plugins, config::Reading& reading);

}  // namespace penstock::dispatch
