#pragma once

namespace penstock {

/// The User-Agent of requests that name none, "Penstock/0.1": the product and its major and minor
/// version.
extern const char* const user_agent;

}  // namespace penstock
