#include "engine/config_check.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include <penstock/check.hpp>

#include "config/reader/state_url.hpp"
#include "engine/connection_check.hpp"
#include "engine/credential_check.hpp"
#include "session/record_cipher.hpp"

namespace penstock::engine {
namespace {

void check_ca_file(const char* name, const std::optional<std::filesystem::path>& file, Mark at,
                   config::ParsedConfig& parsed) {
  if (!file || ::access(file->c_str(), R_OK) == 0) return;
  const std::string why = std::strerror(errno);
  parsed.problems.push_back({parsed.config.file, at,
                             "upstream." + std::string(name) + " " +
                                 parsed.displayed(at, file->string()) + " cannot be read: " + why});
}

void check_ca_files(const UpstreamConfig& upstream, Mark otherwise, config::ParsedConfig& parsed) {
  const auto place = [&](Mark at) { return at.line > 0 ? at : otherwise; };
  check_ca_file("ca_file", upstream.ca_file, place(upstream.ca_file_at), parsed);
  check_ca_file("extra_ca_file", upstream.extra_ca_file, place(upstream.extra_ca_file_at), parsed);
}

/// PENSTOCK_STATE_KEY must be valid if it is set, and is required for PostgreSQL, which replicas
/// share.
void check_state_key(config::ParsedConfig& parsed) {
  const char* const keys = std::getenv("PENSTOCK_STATE_KEY");
  const bool is_needed = config::is_postgresql_url(parsed.config.state);
  if ((keys == nullptr || *keys == '\0') && !is_needed) return;
  const auto cipher = session::RecordCipher::from_environment();
  if (!cipher)
    parsed.problems.push_back(
        {parsed.config.file, parsed.config.state_at, "state: " + cipher.error()});
}

}  // namespace

void check_state(config::ParsedConfig& parsed) {
  const Config& config = parsed.config;
  check_state_key(parsed);
  if (config.state.empty() || config.state.find("://") != std::string::npos) return;
  std::filesystem::path folder = config.state;
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
    folder = folder.parent_path();
  std::string why;
  if (!std::filesystem::is_directory(folder, error)) {
    why = "a file has the name of the folder";
  } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    why = std::string("the folder cannot be written: ") + std::strerror(errno);
  }
  if (!why.empty()) parsed.problems.push_back({config.file, config.state_at, "state: " + why});
}

std::shared_ptr<const loader::PluginSet> check(config::ParsedConfig& parsed) {
  Config& config = parsed.config;
  parsed.unparsed.resize(config.integrations.size());
  check_ca_files(config.upstream, {}, parsed);
  if (const std::string why = config::keyword_form_problem(config.state); !why.empty())
    parsed.problems.push_back({parsed.config.file, config.state_at, why});
  for (const IntegrationConfig& integration : config.integrations)
    check_ca_files(integration.upstream, integration.at, parsed);
  if (!parsed.plugins) return nullptr;
  loader::PluginSet::Loaded loaded =
      loader::PluginSet::load(config.plugins, config.file, parsed.invalid_pins);
  parsed.problems.insert(parsed.problems.end(), loaded.problems.begin(), loaded.problems.end());
  for (std::size_t i = 0; i < config.integrations.size(); ++i)
    check_connection(i, loaded, parsed);
  check_shared_credentials(*loaded.plugins, parsed);
  return std::move(loaded.plugins);
}

}  // namespace penstock::engine

namespace penstock {

namespace {

config::ParsedConfig checked(const std::filesystem::path& file) {
  config::ParsedConfig parsed = config::read(file);
  engine::check(parsed);
  engine::check_state(parsed);
  return parsed;
}

}  // namespace

ConfigProblems config_notes(const std::filesystem::path& file) {
  config::ParsedConfig parsed = checked(file);
  return config::finish_notes(parsed);
}

ConfigProblems check_config(const std::filesystem::path& file) {
  config::ParsedConfig parsed = checked(file);
  return config::finish(parsed);
}

}  // namespace penstock
