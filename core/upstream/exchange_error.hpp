#pragma once

#include <string>

#include <penstock/error.hpp>

#include "upstream/client.hpp"
#include "upstream/connection.hpp"

namespace penstock::upstream {

/// The larger of the two, in the order no, unknown, yes.
Sent furthest(Sent a, Sent b);

/// How far the request of this exchange was sent.
Sent sent_of(const Connection::ExchangeResult& result);

/// The errors of a request, each with how far the request was sent.
Error exchange_error(const Request& request, const Connection::ExchangeResult& result, Sent sent);
Error client_disconnected_error(Sent sent);
Error no_connection_in_time(const Request& request, Sent sent);
Error no_response_in_time(const Request& request, const std::string& summary, Sent sent);
Error no_free_connection(const Request& request, const std::string& why, Sent sent);

}  // namespace penstock::upstream
