#include "config/reader/parsed_config.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <penstock/read_file.hpp>

#include "config/diagnostics/excerpt.hpp"
#include "config/reader/yaml_tree.hpp"

namespace penstock::config {
namespace {

constexpr std::size_t max_excerpts = 1000;

auto place_of(const ConfigProblem& problem) {
  return std::tie(problem.file, problem.at.line, problem.at.column);
}

}  // namespace

std::string ParsedConfig::displayed(Mark at, std::string value) const {
  const auto found = displayed_texts.find(place(at));
  if (found != displayed_texts.end()) return found->second;
  return value;
}

ParsedConfig read(const std::filesystem::path& file) {
  const auto text = read_file(file, max_yaml);
  if (!text) {
    ParsedConfig out;
    out.config.file = file.string();
    out.problems.push_back({file.string(), {}, text.error().substr(1)});
    return out;
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(file, error);
  return read(*text, file.string(), absolute.parent_path());
}

namespace {

ConfigProblems sorted_with_excerpts(ParsedConfig& parsed, ConfigProblems& found) {
  // Sorts indexes instead of problems: there may be as many problems as words in the file.
  std::vector<std::size_t> order(found.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return place_of(found[i]); });
  ConfigProblems problems;
  problems.reserve(found.size());
  for (const std::size_t i : order) {
    const bool is_told = !problems.empty() && place_of(problems.back()) == place_of(found[i]) &&
                         problems.back().message == found[i].message;
    if (!is_told) problems.push_back(std::move(found[i]));
  }
  if (problems.empty()) return {};
  const Excerpts excerpts(parsed);
  for (std::size_t i = 0; i < std::min(problems.size(), max_excerpts); ++i) {
    if (problems[i].file == parsed.config.file) problems[i].excerpt = excerpts.of(problems[i].at);
  }
  return problems;
}

}  // namespace

ConfigProblems finish(ParsedConfig& parsed) {
  return sorted_with_excerpts(parsed, parsed.problems);
}

ConfigProblems finish_notes(ParsedConfig& parsed) {
  return sorted_with_excerpts(parsed, parsed.notes);
}

}  // namespace penstock::config

namespace penstock {

std::string ConfigProblem::text() const {
  if (at.line == 0) return file + ": " + message;
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message;
}

Result<Config, ConfigProblems> parse_config(std::string_view yaml, const std::string& name,
                                            const std::filesystem::path& directory) {
  config::ParsedConfig parsed = config::read(yaml, name, directory);
  if (parsed.problems.empty()) return std::move(parsed.config);
  return failure(config::finish(parsed));
}

PartialConfig load_partial_config(const std::filesystem::path& file) {
  config::ParsedConfig parsed = config::read(file);
  ConfigProblems problems = config::finish(parsed);
  return {std::move(parsed.config), std::move(problems)};
}

Result<Config, ConfigProblems> load_config(const std::filesystem::path& file) {
  config::ParsedConfig parsed = config::read(file);
  if (parsed.problems.empty()) return std::move(parsed.config);
  return failure(config::finish(parsed));
}

}  // namespace penstock
