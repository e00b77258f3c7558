#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::server {

/// Small for waiting connections, of which there may be thousands; large for bodies.
constexpr std::size_t waiting_read_size = std::size_t{4} * 1024;
constexpr std::size_t body_read_size = std::size_t{64} * 1024;
/// Limit for requests received ahead of their turn. Further bytes stay in the kernel, and a
/// disconnect behind them is not seen.
constexpr std::size_t max_read_ahead = std::size_t{16} * 1024;

/// Bytes that chunk sizes, extensions and trailers may add to a body.
constexpr std::uint64_t max_framing_bytes = std::uint64_t{64} * 1024;
/// Bytes that the parser may leave unconsumed.
constexpr std::size_t max_unused_bytes = std::size_t{16} * 1024;

/// Response bytes that the kernel buffers beyond those in flight. By default it accepts megabytes,
/// which count in no budget and make a client that reads nothing look fast.
constexpr int max_unsent_bytes = 128 * 1024;

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace penstock::server
