#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::server {

/// Small where connections wait in their thousands, large where bytes come.
constexpr std::size_t waiting_read_size = std::size_t{4} * 1024;
constexpr std::size_t body_read_size = std::size_t{64} * 1024;
/// Of requests that come ahead of their turn; what is more waits in the kernel, and so does the
/// news that the client has gone.
constexpr std::size_t max_read_ahead = std::size_t{16} * 1024;

/// What chunk sizes, extensions and trailers may add to a body.
constexpr std::uint64_t max_framing_bytes = std::uint64_t{64} * 1024;
/// What the parser may leave lying unused.
constexpr std::size_t max_unused_bytes = std::size_t{16} * 1024;

/// What the kernel takes of an answer beyond what is on its way to the client. It would take
/// megabytes, which count in no budget and make a client that reads nothing look quick.
constexpr int max_unsent_bytes = 128 * 1024;

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace penstock::server
