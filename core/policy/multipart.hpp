#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/call.hpp>
#include <penstock/error.hpp>

namespace penstock::policy {

struct EncodedForm {
  std::string content_type;
  std::string body;
};

/// Encodes multipart/form-data as RFC 7578 and the WHATWG specify: UTF-8 names and file names are
/// kept, with `"`, CR and LF percent-encoded. `boundary` must not occur in any content.
EncodedForm encode_form(const std::vector<FormPart>& parts, std::string_view boundary);

/// Checks the parts of a form and adds what is wrong to `problems`. Names must not contain control
/// characters except line ends and tabs; content types must be `type/subtype` with optional
/// parameters, without control characters; data_url must be an https URL.
void check_form(const std::vector<FormPart>& parts, std::vector<Problem>& problems);

}  // namespace penstock::policy
