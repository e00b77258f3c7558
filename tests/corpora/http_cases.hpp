#pragma once

#include <optional>
#include <string>
#include <vector>

namespace penstock::corpora {

/// A message that the set's own reader finds.
struct Message {
  int status = 0;  ///< of a response
  std::string body;
  bool complete = false;
};

/// Raw bytes of a client or a vendor, and what the set makes of them.
struct HttpCase {
  std::string name;
  std::string raw;
  std::vector<Message> messages;  ///< without interim answers
  std::string error;              ///< why the set refuses it; empty: it does not
  bool strict = true;             ///< false: what is said of it holds for a lenient reader

  int complete() const;  ///< how many of the messages are
};

/// llhttp's blocks of "request" or "response".
std::vector<HttpCase> llhttp_cases(const std::string& kind);

/// Our own requests, which are always there.
std::vector<HttpCase> seed_requests();

/// gunicorn's requests, without those that need an option of gunicorn's own.
std::vector<HttpCase> gunicorn_cases();

/// The examples of RFC 9110 to 9112 that are requests.
std::vector<HttpCase> rfc_requests();

/// Of the Request Smuggling page: whole requests, and one for each way to hide Transfer-Encoding.
std::vector<HttpCase> smuggling_cases();

}  // namespace penstock::corpora
