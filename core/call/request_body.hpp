#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "call/prepared_call.hpp"

namespace penstock::call {

/// Reads and checks the body of a call that is not streamed, as a part of prepare_call().
void read_body(const Call& call, std::string_view boundary, PreparedCall& prepared,
               std::vector<Problem>& problems);

/// Completes a streamed call with the whole body that was pending. For SOAP it is the caller's own
/// envelope, or the content of a Body.
Result<PreparedCall> with_body(PreparedCall prepared, std::string body);

/// Completes a call with the form of which parts were pending.
PreparedCall with_form(PreparedCall prepared, const std::vector<FormPart>& form);

/// A new boundary for the parts of a multipart body.
std::string random_boundary();

}  // namespace penstock::call
