#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

#include "runtime/integration.hpp"
#include "upstream/client.hpp"

namespace penstock::call {

/// Fetches what the parts of a form name by data_url, one after the other, and gives the form with
/// their content. The caller names these hosts, so nothing of the connection goes there: a plain
/// GET over https, public addresses only (unless upstream.allow_private_addresses), connect_to left
/// aside, three redirects at most, each looked at like the first, `most_bytes` for all together.
/// `handler` runs once, on the client's loop.
void fetch_attachments(upstream::Client& client,
                       std::shared_ptr<const runtime::Integration> integration,
                       std::vector<FormPart> form, std::chrono::steady_clock::time_point deadline,
                       std::uint64_t max_bytes,
                       std::function<void(Result<std::vector<FormPart>>)> handler);

}  // namespace penstock::call
