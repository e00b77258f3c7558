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

/// A position in the configuration file. Line and column start at 1; columns and length count
/// characters, not bytes. 0: unknown.
struct Mark {
  int line = 0;
  int column = 0;
  int length = 0;  ///< of the word at this position; 0: there is no word
};

/// The source line of a problem, safe to show to anyone: values that are or may be secret are
/// replaced by ***, comments are removed. UTF-8, without the line break.
struct Excerpt {
  std::string text;
  std::size_t begin = 0, end = 0;  ///< byte range in `text` that the problem refers to
};

/// One error in the configuration or in a plugin that it names. No member contains a credential.
struct ConfigProblem {
  std::string file;  ///< the configuration file as it was named, or a plugin's path
  Mark at;           ///< unknown: the whole file
  std::string message;
  std::string suggestion;  ///< the name that was probably meant; also part of `message`
  Excerpt excerpt;         ///< empty: no line to show

  /// One line: "integrations.yaml:12:7: unknown key `tooll`; did you mean `tool`?"
  std::string text() const;
};
using ConfigProblems = std::vector<ConfigProblem>;

/// How to reach vendors: global defaults, overridden per integration. Unset: the engine's default,
/// given in the comments.
struct UpstreamConfig {
  std::optional<std::chrono::milliseconds> connect_timeout;  ///< 5 s
  /// 60 s, or the value in the plugin's manifest.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::uint64_t> max_response_bytes;  ///< 32 MiB, counted after decoding
  /// 256; connections per host and integration for the whole process. They are divided evenly among
  /// the engine's threads, at least one each.
  std::optional<std::uint32_t> max_connections;
  /// 1024: calls that may wait for a connection; further calls are rejected with 429.
  std::optional<std::uint32_t> max_queued_calls;
  /// "host:port": overrides the TCP destination only; URL, SNI and certificate checks are unchanged
  std::optional<std::string> connect_to;
  std::optional<std::filesystem::path> ca_file;  ///< PEM; replaces the system's CA certificates
  /// PEM; in addition to the system's CA certificates, or to those of ca_file
  std::optional<std::filesystem::path> extra_ca_file;
  /// Default false; connect_to implies true for its own address.
  std::optional<bool> allow_private_addresses;
  Mark ca_file_at, extra_ca_file_at;
};

/// A connection field of an integration, with its position for messages.
struct ConnectionField {
  std::string name;
  Secret value;
  Mark at;       ///< of the value
  Mark name_at;  ///< of the name
};

/// The connection of one customer to one tool.
struct IntegrationConfig {
  std::string id;
  std::string tool;
  bool enabled = true;
  std::vector<ConnectionField> connection;
  UpstreamConfig upstream;
  int max_in_flight = 30;  ///< further calls are rejected with 429
  Mark at, id_at, tool_at, connection_at;
};

/// One API key of the callers.
struct ApiKeyConfig {
  std::string name;
  Secret key;                ///< exactly one of key and key_sha256 is set
  std::string key_sha256;    ///< 64 lower-case hex digits
  int calls_per_second = 0;  ///< 0: no limit
};

struct ServerConfig {
  std::string listen = "127.0.0.1:8080";
  std::string environment_id = "default";  ///< returned by GET /v1/check-api-key
  std::vector<ApiKeyConfig> api_keys;
  std::vector<std::string> allowed_networks;     ///< CIDR; empty: callers from any address
  std::uint64_t max_request_bytes = 33'554'432;  ///< largest body of a call
  int threads = 0;  ///< loops that serve calls, one thread each; 0: one per core
};

struct PluginsConfig {
  std::filesystem::path directory;  ///< every *.so in it is loaded as a plugin
  /// Plugin name → SHA-256 of its file; if not empty, a plugin that is not listed is an error.
  std::map<std::string, std::string> pins;
  Mark directory_at, pins_at;
  std::map<std::string, Mark> pin_marks;  ///< plugin name → position of its digest
};

/// integrations.yaml, parsed and checked as far as possible without plugins. Paths are absolute.
struct Config {
  std::string file;  ///< as given; prefix of every problem
  ServerConfig server;
  PluginsConfig plugins;
  /// Folder for runtime state (rotated credentials, sessions), or a PostgreSQL URL.
  std::string state;
  UpstreamConfig upstream;
  std::vector<IntegrationConfig> integrations;
  Mark state_at;
};

/// Parses and checks a file: structure, types, names, `${env:}` and `${file:}`, duplicates. Returns
/// all problems. Engine::open() checks what depends on plugins (tools, connection fields); to check
/// both together use check_config() or Engine::open_file(). [any-thread; reads files and
/// environment]
Result<Config, ConfigProblems> load_config(const std::filesystem::path& file);

/// A partially parsed file and its problems, for callers that need only a part of the file, such as
/// the plugins' folder. Unreadable parts are left out, as if they were absent.
struct PartialConfig {
  Config config;
  ConfigProblems problems;
};

/// Parses a file even if it has errors. [any-thread; reads files and environment]
PartialConfig load_partial_config(const std::filesystem::path& file);

/// Like load_config(), from text. `name` is used in messages; relative paths are resolved against
/// `directory`. [any-thread; reads files and environment]
Result<Config, ConfigProblems> parse_config(std::string_view yaml, const std::string& name,
                                            const std::filesystem::path& directory);

}  // namespace penstock
