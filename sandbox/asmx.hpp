#pragma once

#include "message.hpp"
#include "soap.hpp"

#include <span>

/// What every ASP.NET web service (.asmx) has in common: SOAP 1.1 and 1.2 on one address, the
/// SOAPAction, and the texts of its faults.
namespace penstock::sandbox {

struct AsmxCall {
  Envelope message;
  std::string operation;
};

/// The call, or the fault that says what is wrong with it.
struct AsmxCallOrFault {
  std::optional<AsmxCall> call;
  Response fault;
};

/// `action_prefix` + operation is the SOAPAction; `ns` is what the operation's element is in.
AsmxCallOrFault read_asmx_call(const Request& request, std::string_view ns,
                               std::string_view action_prefix,
                               std::span<const std::string_view> operations);

/// `soap_ns` chooses the version; `code` is that of SOAP 1.1: Client, Server, MustUnderstand …
Response asmx_fault(std::string_view soap_ns, std::string_view code, std::string_view text);
/// "Server was unable to process request. ---> " and the vendor's own words.
Response asmx_server_fault(std::string_view soap_ns, std::string_view text);
/// {operation}Response/{operation}Result around `result`, which is XML.
Response asmx_answer(const AsmxCall& call, std::string_view ns, const std::string& result);

}  // namespace penstock::sandbox
