#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "dispatch/draft.hpp"

namespace penstock::dispatch {

/// The request that `call` would send, secrets masked, or the error that it would give. Sends
/// nothing.
Result<Preview> preview(const World& world, const Call& call);

}  // namespace penstock::dispatch
