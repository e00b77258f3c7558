#include "http/status.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace penstock::server {
namespace {

std::string_view usual_reason(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "";
  }
}

}  // namespace

std::string status_line(int status) { return status_line(status, usual_reason(status)); }

std::string status_line(int status, std::string_view reason) {
  std::string out = "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += reason;
  out += "\r\n";
  return out;
}

std::string_view http_date() {
  // Not strftime: its names depend on the locale.
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local std::time_t written_for = 0;
  thread_local std::array<char, 64> text{};
  const std::time_t now = std::time(nullptr);
  if (now != written_for) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[utc.tm_wday % 7], utc.tm_mday, months[utc.tm_mon % 12], utc.tm_year + 1900,
                  utc.tm_hour, utc.tm_min, utc.tm_sec);
    written_for = now;
  }
  return text.data();
}

}  // namespace penstock::server
