#pragma once

#include "message.hpp"
#include "soap.hpp"

#include <span>

/// What all ASP.NET web services (.asmx) have in common: SOAP 1.1 and 1.2 at one address, the
/// SOAPAction, and the texts of their faults.
namespace penstock::sandbox {

struct AsmxCall {
  Envelope message;
  std::string operation;
};

/// The parsed call, or the fault that describes what is wrong with it.
struct AsmxCallOrFault {
  std::optional<AsmxCall> call;
  Response fault;
};

/// The SOAPAction is `action_prefix` + operation; `ns` is the namespace of the operation's element.
AsmxCallOrFault read_asmx_call(const Request& request, std::string_view ns,
                               std::string_view action_prefix,
                               std::span<const std::string_view> operations);

/// `soap_ns` selects the version; `code` is that of SOAP 1.1: Client, Server, MustUnderstand …
Response asmx_fault(std::string_view soap_ns, std::string_view code, std::string_view text);
/// "Server was unable to process request. ---> " followed by the vendor's text.
Response asmx_server_fault(std::string_view soap_ns, std::string_view text);
/// Wraps `result`, which is XML, in {operation}Response/{operation}Result.
Response asmx_response(const AsmxCall& call, std::string_view ns, const std::string& result);

}  // namespace penstock::sandbox
