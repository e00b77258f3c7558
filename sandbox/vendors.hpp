#pragma once

#include "state.hpp"

/// Each vendor is a function of the request and the state: no sockets, no clock.
namespace penstock::sandbox {

Response hibob_api(const Request& request,
                   SandboxState& state);  ///< api.hibob.com, api.sandbox.hibob.com
Response hibob_docs(const Request& request, SandboxState& state);  ///< app.hibob.com
Response hibob_hire(const Request& request, SandboxState& state);  ///< acme.hire.hibob.com

Response workday(const Request& request,
                 SandboxState& state);  ///< dispatches to one of the following
Response workday_token(const Request& request, SandboxState& state);
Response workday_rest(const Request& request, SandboxState& state);
Response workday_report(const Request& request, SandboxState& state);
Response workday_soap(const Request& request, SandboxState& state);

Response nmbrs(const Request& request, SandboxState& state);
Response nmbrs_rest(const Request& request, SandboxState& state);  ///< api.nmbrsapp.com
Response nmbrs_identity(const Request& request,
                        SandboxState& state);  ///< identityservice.nmbrs.com

Response taleo(const Request& request, SandboxState& state);
Response taleo_business(const Request& request, SandboxState& state);        ///< chp.tbe.taleo.net
Response taleo_business_login(const Request& request, SandboxState& state);  ///< the same
Response taleo_business_dispatcher(const Request& request, SandboxState& state);  ///< tbe.taleo.net

Response hroffice(const Request& request, SandboxState& state);

}  // namespace penstock::sandbox
