#pragma once

#include <string_view>

namespace penstock::server::openapi {

// What all operations share: the JSON objects of the document's `components`.

extern const std::string_view response_schemas;   ///< the envelopes of calls
extern const std::string_view request_schemas;    ///< the files of multipart_form_data
extern const std::string_view catalogue_schemas;  ///< the responses of the other routes
extern const std::string_view answer_responses;   ///< the 200 responses of calls
extern const std::string_view shared_parameters;
extern const std::string_view shared_headers;
extern const std::string_view security_schemes;

}  // namespace penstock::server::openapi
