#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "call/prepared_call.hpp"
#include "call/signing.hpp"

namespace penstock::call {

/// The request that `call` would send, secrets masked, or the error that it would give. Sends
/// nothing.
Result<Preview> preview(const runtime::Registry& registry, const Call& call);

/// The same of a call that is ready to be sent.
Preview preview_of(const PreparedCall& prepared, const session::Snapshot& snapshot,
                   SignedRequest request);

/// Parts multipart bodies that are only shown.
constexpr std::string_view preview_boundary = "penstock-boundary";

}  // namespace penstock::call
