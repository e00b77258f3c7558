#pragma once

#include <string>
#include <string_view>

namespace penstock::server {

/// "HTTP/1.1 200 OK\r\n"
std::string status_line(int status);
/// The same with a vendor's reason phrase, which may be empty.
std::string status_line(int status, std::string_view reason);

/// The current time as a Date header value. Cached per thread for one second.
std::string_view http_date();

}  // namespace penstock::server
