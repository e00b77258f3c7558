#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/catalog.hpp>

namespace penstock::server {

/// The server, integration and configuration that an example is written for.
struct ExampleContext {
  std::string address;      ///< HOST:PORT by which callers reach the server
  std::string integration;  ///< sent as X-Integration-Id
  std::string config;       ///< the -c FILE of the command line; empty: the default file
};

/// Returns the context for an API's examples.
using ExampleContextOf = std::function<ExampleContext(const ApiInfo&)>;

/// The listening address as callers on this machine reach it: "127.0.0.1:80" for "0.0.0.0:80".
std::string reachable(std::string_view listen);

/// Placeholder for the integration id if none is configured.
constexpr std::string_view some_integration = "YOUR_INTEGRATION";

/// Contexts with `address`, and for each API the first integration that it can be called for.
ExampleContextOf example_contexts(std::string address, std::vector<IntegrationInfo> integrations);

/// The envelope to be posted: JSON that embeds the manifest's own JSON.
std::string example_request(const ExampleCall& example);

/// Commands and a program that can be copied unchanged; each takes the key from $PENSTOCK_API_KEY,
/// or needs none. A line may end inside quotes, so they must be printed without indentation.
std::string curl_command(const ApiInfo& api, const ExampleCall& example,
                         const ExampleContext& place);
std::string cli_command(const ApiInfo& api, const ExampleCall& example,
                        const ExampleContext& place);
std::string typescript_program(const ApiInfo& api, const ExampleCall& example,
                               const ExampleContext& place);

/// A word for a POSIX shell, quoted if necessary.
std::string shell_word(std::string_view word);

}  // namespace penstock::server
