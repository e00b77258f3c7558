#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>
#include <penstock/secret.hpp>

namespace penstock {

/// A place in the configuration file; line and column count from 1, columns in characters (not
/// bytes); 0 means unknown.
struct Mark {
  int line = 0;
  int column = 0;
  int length = 0;  ///< of the word that stands there, in characters; 0 where it is none
};

/// The line that a problem is about, as it may be shown to anyone: values that are or may be secret
/// stand as ***, comments are left out. UTF-8, without the line break.
struct Excerpt {
  std::string text;
  std::size_t begin = 0, end = 0;  ///< the bytes of `text` that the problem is about
};

/// One thing that is wrong in the configuration or in a plugin that it names. No member ever holds
/// a credential.
struct ConfigProblem {
  std::string file;  ///< the configuration, as it was named, or a plugin's path
  Mark at;           ///< nowhere: the file as a whole
  std::string message;
  std::string suggestion;  ///< the name that was probably meant; `message` says it, too
  Excerpt excerpt;         ///< empty where there is no line to show

  /// "integrations.yaml:12:7: unknown key `tooll`; did you mean `tool`?" One line.
  std::string text() const;
};
using ConfigProblems = std::vector<ConfigProblem>;

/// How to reach vendors: defaults for all, overridden per integration. Unset: the engine's default.
struct UpstreamConfig {
  std::optional<std::chrono::milliseconds> connect_timeout;  ///< 5 s
  std::optional<std::chrono::milliseconds> timeout;  ///< 60 s, or what the plugin's manifest says
  std::optional<std::uint64_t> max_response_bytes;   ///< 32 MiB, counted after decoding
  /// 256: connections to one host for one integration, in the whole process. Each engine thread has
  /// an equal share, of one connection at least.
  std::optional<std::uint32_t> max_connections;
  std::optional<std::uint32_t>
      max_queued_calls;  ///< 1024: calls that wait for one of those; more are refused with 429
  std::optional<std::string>
      connect_to;  ///< "host:port": TCP destination only; URL, SNI and checks stay the vendor's
  std::optional<std::filesystem::path> ca_file;  ///< PEM; instead of the system's authorities
  std::optional<std::filesystem::path>
      extra_ca_file;  ///< PEM; besides the system's authorities, or those of ca_file
  std::optional<bool>
      allow_private_addresses;  ///< false; connect_to implies true for its own address
  Mark ca_file_at, extra_ca_file_at;
};

/// A field of an integration's connection, with its place for messages.
struct ConnectionField {
  std::string name;
  Secret value;
  Mark at;       ///< of the value
  Mark name_at;  ///< of the name
};

/// One connected customer of one tool.
struct IntegrationConfig {
  std::string id;
  std::string tool;
  bool enabled = true;
  std::vector<ConnectionField> connection;
  UpstreamConfig upstream;
  int max_in_flight = 30;
  Mark at, id_at, tool_at, connection_at;
};

struct ApiKeyConfig {
  std::string name;
  Secret key;                ///< one of key and key_sha256 is given
  std::string key_sha256;    ///< 64 lower-case hex digits
  int calls_per_second = 0;  ///< 0: no limit
};

struct ServerConfig {
  std::string listen = "127.0.0.1:8080";
  std::string environment_id = "default";  ///< what GET /v1/check-api-key answers
  std::vector<ApiKeyConfig> api_keys;
  std::vector<std::string> allowed_networks;  ///< CIDR; empty: every caller address
  std::uint64_t max_request_bytes = 33'554'432;
  int threads = 0;  ///< 0: one per core
};

struct PluginsConfig {
  std::filesystem::path directory;  ///< every *.so in it is a plugin
  std::map<std::string, std::string>
      pins;  ///< plugin name → sha256 of its file; not empty: the list is closed
  Mark at, directory_at, pins_at;
  std::map<std::string, Mark> pin_marks;  ///< plugin name → the place of its digest
};

/// integrations.yaml, read and checked as far as that goes without plugins. Paths are absolute.
struct Config {
  std::string file;  ///< as given; the prefix of every problem
  ServerConfig server;
  PluginsConfig plugins;
  std::string state;  ///< folder for what changes at run time: rotated credentials, sessions
  UpstreamConfig upstream;
  std::vector<IntegrationConfig> integrations;
  Mark state_at;
};

/// Reads and checks a file: structure, types, names, `${env:}` and `${file:}`, duplicates. All
/// problems at once. What plugins know (tools, connection fields) is checked by Engine::open; for
/// both together see check_config and Engine::open_file.
/// [any-thread; reads files and environment]
Result<Config, ConfigProblems> load_config(const std::filesystem::path& file);

/// A file as far as it can be read, and what is wrong with it: for those who need only a part of
/// it, such as the plugins' folder. What could not be read is as if it were not there.
struct PartialConfig {
  Config config;
  ConfigProblems problems;
};

/// Reads a file in spite of its problems. [any-thread; reads files and environment]
PartialConfig load_partial_config(const std::filesystem::path& file);

/// load_config() from text; `name` stands in messages, relative paths start at `directory`.
Result<Config, ConfigProblems> parse_config(std::string_view yaml, const std::string& name,
                                            const std::filesystem::path& directory);

}  // namespace penstock
