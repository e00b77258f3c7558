#include <iostream>

#include "cli/commands.hpp"
#include "openapi/document.hpp"

namespace penstock::cli {

int schema(const CommandLine& line) {
  const auto offered = open_catalog(line);
  if (!offered) return exit_failed;
  std::cout << config_schema(offered->catalog.apis) << '\n';
  return exit_done;
}

int openapi(const CommandLine& line) {
  const auto offered = open_catalog(line);
  if (!offered) return exit_failed;
  const ServerConfig& config = offered->config.server;
  std::cout << server::openapi::document(offered->catalog.apis,
                                         {.url = "http://" + config.listen,
                                          .max_request_bytes = config.max_request_bytes},
                                         JsonLayout::indented)
            << '\n';
  return exit_done;
}

}  // namespace penstock::cli
