#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// Whether `state` is the URL of a PostgreSQL database, by either of the schemes that libpq takes.
bool is_postgresql_url(std::string_view state);

/// For libpq's other form of a connection string ("host=db user=u"), which would pass for the name
/// of a folder: what is wrong with it, with the URL to write instead, without its password. Empty
/// for everything else.
std::string keyword_form_problem(std::string_view state);

}  // namespace penstock::config
