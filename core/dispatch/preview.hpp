#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "dispatch/draft.hpp"
#include "dispatch/request.hpp"

namespace penstock::dispatch {

/// The request that `call` would send, secrets masked, or the error that it would give. Sends
/// nothing.
Result<Preview> preview(const World& world, const Call& call);

/// The same of a call that is ready to be sent.
Preview preview_of(const Draft& draft, const session::Snapshot& snapshot, SignedRequest request);

/// Parts multipart bodies that are only shown.
constexpr std::string_view preview_boundary = "penstock-boundary";

}  // namespace penstock::dispatch
