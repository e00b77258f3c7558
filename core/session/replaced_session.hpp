#pragma once

#include <memory>

#include "session/environment.hpp"
#include "session/snapshot.hpp"

namespace penstock::session {

/// Ends the session of `replaced` at the vendor once the calls that use it are done, or five
/// minutes have passed: vendors count open sessions.
void logout_when_unused(const SnapshotPtr& replaced, std::shared_ptr<const host::Instance> plugin,
                        const host::SessionKey& key,
                        const std::shared_ptr<Environment>& environment);

}  // namespace penstock::session
