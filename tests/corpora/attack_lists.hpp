#pragma once

#include <string>
#include <vector>

namespace penstock::corpora {

/// Whether the public sets are there; the lists below then hold them beside our own seeds.
bool has_public_lists();

/// Every line of the lists about where a request goes (open redirect, traversal, CRLF, SSRF,
/// parameter pollution, proxies, the URL standard's cases), each once, with real line ends where a
/// line writes `\r\n`.
std::vector<std::string> attack_lines();

/// The URLs of the SSRF lists.
std::vector<std::string> ssrf_urls();

/// The hosts of these URLs and of the URL standard's cases, as written: numbers in any base,
/// brackets, look-alike dots.
std::vector<std::string> ssrf_hosts();

}  // namespace penstock::corpora
