#pragma once

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "call/prepared_call.hpp"
#include "call/signing.hpp"

namespace penstock::call {

/// The request that `call` would send, with secrets redacted, or the error that it would return.
/// Sends nothing.
Result<Preview> preview(const runtime::Registry& registry, const Call& call);

/// The same for a request that is already signed.
Preview preview_of(const PreparedCall& prepared, const session::Snapshot& snapshot,
                   SignedRequest request);

/// The multipart boundary of previews.
constexpr std::string_view preview_boundary = "penstock-boundary";

}  // namespace penstock::call
