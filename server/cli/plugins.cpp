#include <iostream>

#include <penstock/text.hpp>

#include "api/catalog_json.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"

namespace penstock::cli {

int plugins(const CommandLine& line) {
  const auto offered = open_catalog(line);
  if (!offered) return exit_failed;
  const std::vector<PluginInfo>& loaded = offered->catalog.plugins;
  if (line.json) {
    std::cout << server::plugins_json(loaded) << '\n';
    return exit_done;
  }
  std::vector<Row> rows{{"PLUGIN", "VERSION", "ABI", "APIS", "SHA256", "FILE"}};
  for (const PluginInfo& plugin : loaded) {
    rows.push_back({plugin.name, plugin.version, plugin.abi, joined(plugin.apis, " "),
                    plugin.sha256.substr(0, 12), plugin.file});
  }
  print_table(std::cout, rows);
  return exit_done;
}

}  // namespace penstock::cli
