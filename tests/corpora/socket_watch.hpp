#pragma once

#include <string>
#include <vector>

namespace penstock::corpora {

/// Everything that this process has connected to ("127.0.0.1:443") or had resolved ("DNS name"),
/// each once, since the last time that this was asked: a program with socket_watch.cpp in it stands
/// in for the C library's connect() and getaddrinfo(), also for its shared libraries.
std::vector<std::string> places_reached();

}  // namespace penstock::corpora
