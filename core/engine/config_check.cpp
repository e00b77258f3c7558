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
                   config::ParsedConfig& reading) {
  if (!file || ::access(file->c_str(), R_OK) == 0) return;
  const std::string why = std::strerror(errno);
  reading.problems.push_back({reading.config.file, at,
                              "upstream." + std::string(name) + " " +
                                  reading.written(at, file->string()) + " cannot be read: " + why});
}

void check_ca_files(const UpstreamConfig& upstream, Mark otherwise, config::ParsedConfig& reading) {
  const auto place = [&](Mark at) { return at.line > 0 ? at : otherwise; };
  check_ca_file("ca_file", upstream.ca_file, place(upstream.ca_file_at), reading);
  check_ca_file("extra_ca_file", upstream.extra_ca_file, place(upstream.extra_ca_file_at), reading);
}

/// PENSTOCK_STATE_KEY must be valid if it is set, and is required for PostgreSQL, which replicas
/// share.
void check_state_key(config::ParsedConfig& reading) {
  const char* const keys = std::getenv("PENSTOCK_STATE_KEY");
  const bool is_needed = config::is_postgresql_url(reading.config.state);
  if ((keys == nullptr || *keys == '\0') && !is_needed) return;
  const auto cipher = session::RecordCipher::from_environment();
  if (!cipher)
    reading.problems.push_back(
        {reading.config.file, reading.config.state_at, "state: " + cipher.error()});
}

}  // namespace

void check_state(config::ParsedConfig& reading) {
  const Config& config = reading.config;
  check_state_key(reading);
  if (config.state.empty() || config.state.find("://") != std::string::npos) return;
  std::filesystem::path folder = config.state;
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path())
    folder = folder.parent_path();
  std::string why;
  if (!std::filesystem::is_directory(folder, error)) {
    why = "there is a file in the place of the folder";
  } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    why = std::string("the folder cannot be written: ") + std::strerror(errno);
  }
  if (!why.empty()) reading.problems.push_back({config.file, config.state_at, "state: " + why});
}

std::shared_ptr<const loader::PluginSet> check(config::ParsedConfig& reading) {
  Config& config = reading.config;
  reading.unread.resize(config.integrations.size());
  check_ca_files(config.upstream, {}, reading);
  if (const std::string why = config::keyword_form_problem(config.state); !why.empty())
    reading.problems.push_back({reading.config.file, config.state_at, why});
  for (const IntegrationConfig& integration : config.integrations)
    check_ca_files(integration.upstream, integration.at, reading);
  if (!reading.plugins) return nullptr;
  loader::PluginSet::Loaded loaded =
      loader::PluginSet::load(config.plugins, config.file, reading.unread_pins);
  reading.problems.insert(reading.problems.end(), loaded.problems.begin(), loaded.problems.end());
  for (std::size_t i = 0; i < config.integrations.size(); ++i)
    check_connection(i, loaded, reading);
  check_shared_credentials(*loaded.plugins, reading);
  return std::move(loaded.plugins);
}

}  // namespace penstock::engine

namespace penstock {

namespace {

config::ParsedConfig checked(const std::filesystem::path& file) {
  config::ParsedConfig reading = config::read(file);
  engine::check(reading);
  engine::check_state(reading);
  return reading;
}

}  // namespace

ConfigProblems config_notes(const std::filesystem::path& file) {
  config::ParsedConfig reading = checked(file);
  return config::finish_notes(reading);
}

ConfigProblems check_config(const std::filesystem::path& file) {
  config::ParsedConfig reading = checked(file);
  return config::finish(reading);
}

}  // namespace penstock
