#pragma once

#include "state.hpp"

/// Each vendor is a function of the request and the state: no sockets, no clock.
namespace penstock::sandbox {

Response hibob_api(const Request& request, World& world);  ///< api.hibob.com, api.sandbox.hibob.com
Response hibob_docs(const Request& request, World& world);  ///< app.hibob.com
Response hibob_hire(const Request& request, World& world);  ///< acme.hire.hibob.com

Response workday(const Request& request, World& world);  ///< dispatches to one of the following
Response workday_token(const Request& request, World& world);
Response workday_rest(const Request& request, World& world);
Response workday_report(const Request& request, World& world);
Response workday_soap(const Request& request, World& world);

Response nmbrs(const Request& request, World& world);
Response nmbrs_rest(const Request& request, World& world);      ///< api.nmbrsapp.com
Response nmbrs_identity(const Request& request, World& world);  ///< identityservice.nmbrs.com

Response taleo(const Request& request, World& world);
Response taleo_business(const Request& request, World& world);             ///< chp.tbe.taleo.net
Response taleo_business_login(const Request& request, World& world);       ///< the same
Response taleo_business_dispatcher(const Request& request, World& world);  ///< tbe.taleo.net

Response hroffice(const Request& request, World& world);

}  // namespace penstock::sandbox
