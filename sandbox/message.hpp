#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox {

struct Header {
  std::string name;
  std::string value;
};

/// One request as received over TLS. `host` is in lower case and without a port.
struct Request {
  std::string method;
  std::string target;
  std::string host;
  std::string sni;
  std::vector<Header> headers;
  std::string body;

  /// The first header of that name (case-insensitive); empty if there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// How often the header occurs.
  int count(std::string_view name) const;
};

/// A vendor's response, and what the ledger records about it.
struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  bool chunked = false;      ///< sent with Transfer-Encoding: chunked
  std::string kind = "api";  ///< the ledger counts it as this kind
  bool refused = false;      ///< the credentials were rejected
};

Response json_response(int status, std::string body);
Response text_response(int status, std::string content_type, std::string body);

}  // namespace penstock::sandbox
