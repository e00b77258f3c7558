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

/// multipart/form-data as RFC 7578 and the WHATWG say: UTF-8 names and file names as they are, with
/// `"`, CR and LF percent-encoded. `boundary` must not occur in any content.
EncodedForm encode_form(const std::vector<FormPart>& parts, std::string_view boundary);

/// Names must hold no control character but line ends and tabs, content types of parts must be
/// `type/subtype` with parameters at most, without control characters; data_url must be an https
/// URL.
void check_form(const std::vector<FormPart>& parts, std::vector<Problem>& problems);

}  // namespace penstock::policy
