#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

/// Whether `state` is the URL of a PostgreSQL database, with either of the schemes that libpq
/// accepts.
bool is_postgresql_url(std::string_view state);

/// Detects libpq's other form of a connection string ("host=db user=u"), which would be taken for a
/// folder name. Returns a message with the URL to write instead, without the password; empty for
/// any other text.
std::string keyword_form_problem(std::string_view state);

}  // namespace penstock::config
