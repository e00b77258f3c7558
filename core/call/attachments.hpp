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

/// Fetches the form parts given by data_url, one after the other, and passes the form on with their
/// content. The caller chooses these hosts, so nothing of the connection is sent to them: a plain
/// GET over https to port 443 of public addresses (any port and address with
/// upstream.allow_private_addresses), ignoring connect_to, following at most three redirects, each
/// checked like the first URL. `max_bytes` limits all parts together. `handler` runs once, on the
/// client's loop.
void fetch_attachments(upstream::Client& client,
                       std::shared_ptr<const runtime::Integration> integration,
                       std::vector<FormPart> form, std::chrono::steady_clock::time_point deadline,
                       std::uint64_t max_bytes,
                       std::function<void(Result<std::vector<FormPart>>)> handler);

}  // namespace penstock::call
