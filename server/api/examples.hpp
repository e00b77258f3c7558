#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock::server {

/// Where and for whom an example is shown.
struct ExampleContext {
  std::string address;      ///< HOST:PORT that callers reach
  std::string integration;  ///< what they send as X-Integration-Id
  std::string config;       ///< the file of the command line; empty: the default one
};

/// The place for an API's examples.
using ExampleContextOf = std::function<ExampleContext(const ApiInfo&)>;

/// The listening address as callers can reach it: "0.0.0.0:80" is "127.0.0.1:80" to this machine.
std::string reachable(std::string_view listen);

/// What stands for an integration where none is configured.
constexpr std::string_view some_integration = "YOUR_INTEGRATION";

/// At `address`, each API with the first integration that it can be called for.
ExampleContextOf example_contexts(std::string address, std::vector<IntegrationInfo> integrations);

/// The envelope to be posted: JSON, with the manifest's own JSON inside.
std::string example_request(const ExampleCall& example);

/// Commands and a program to be copied as they are; each takes the key from $PENSTOCK_API_KEY, or
/// needs none. A line of them may end inside quotes: to be printed without indentation.
std::string curl_command(const ApiInfo& api, const ExampleCall& example,
                         const ExampleContext& place);
std::string cli_command(const ApiInfo& api, const ExampleCall& example,
                        const ExampleContext& place);
std::string typescript_program(const ApiInfo& api, const ExampleCall& example,
                               const ExampleContext& place);

/// A word for a POSIX shell, in quotes where it needs them.
std::string shell_word(std::string_view word);

}  // namespace penstock::server
