#include "config/reader/state_url.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <penstock/text.hpp>

namespace penstock::config {
namespace {

// Those of libpq's "Parameter Key Words" that connection strings usually start with.
constexpr std::array<std::string_view, 12> keywords = {
    "host",     "hostaddr", "port",    "dbname",  "user",        "password",
    "passfile", "service",  "sslmode", "options", "sslrootcert", "connect_timeout"};

constexpr std::string_view spaces = " \t";

/// Parses "key = value key='value'" as far as possible.
std::map<std::string, std::string> pairs_of(std::string_view text) {
  std::map<std::string, std::string> out;
  while (true) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return out;
    const std::string key(trimmed(text.substr(0, equals)));
    text = text.substr(std::min(text.find_first_not_of(spaces, equals + 1), text.size()));
    const bool quoted = text.starts_with('\'');
    const std::size_t end =
        std::min(quoted ? text.find('\'', 1) : text.find_first_of(spaces), text.size());
    out[key] = std::string(text.substr(quoted ? 1 : 0, end - (quoted ? 1 : 0)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

bool is_postgresql_url(std::string_view state) {
  return state.starts_with("postgresql://") || state.starts_with("postgres://");
}

std::string keyword_form_problem(std::string_view state) {
  const std::size_t equals = state.find('=');
  if (equals == state.npos) return {};
  const std::string_view first = trimmed(state.substr(0, equals));
  if (std::ranges::find(keywords, first) == keywords.end()) return {};
  const auto given = pairs_of(state);
  const auto value = [&](const char* key) {
    const auto found = given.find(key);
    return found == given.end() ? std::string() : found->second;
  };
  std::string host = value("host");
  const bool is_socket = host.starts_with('/');
  std::string url = "postgresql://";
  if (!value("user").empty()) {
    url += value("user") + (given.contains("password") ? ":PASSWORD" : "") + "@";
  }
  if (!is_socket) url += host;
  if (!value("port").empty() && !is_socket) url += ":" + value("port");
  url += "/" + value("dbname");
  if (is_socket) url += "?host=" + host;
  return "state is a connection string of keywords, which is not supported; write a URL: " + url;
}

}  // namespace penstock::config
