#pragma once

#include <string>
#include <string_view>

namespace penstock::server {

/// "HTTP/1.1 200 OK\r\n"
std::string status_line(int status);
/// The same with a vendor's own phrase, which may be empty.
std::string status_line(int status, std::string_view reason);

/// The present time as a Date header gives it. Kept per thread for its second.
std::string_view http_date();

}  // namespace penstock::server
