// integrations.yaml from any bytes: a sound configuration, or problems that each have a place.
// A secret that came from the environment is in no message.
#include <algorithm>
#include <cstdlib>
#include <set>

#include <penstock/config.hpp>

#include "fuzz.hpp"

namespace penstock::fuzz {
namespace {

constexpr std::string_view canary = "c4n4ry-S3cret";

void check_problems(std::string_view yaml, const ConfigProblems& problems) {
  require(!problems.empty(), "a refusal has a problem");
  const auto lines =
      static_cast<int>(std::ranges::count(yaml, '\n') + std::ranges::count(yaml, '\r')) + 2;
  for (const ConfigProblem& problem : problems) {
    const std::string text = problem.text();
    require(problem.file == "fuzz.yaml" && !problem.message.empty(), "a problem says what", text);
    require(problem.at.line >= 1 && problem.at.column >= 1, "every problem has a place", text);
    require(problem.at.line <= lines, "a problem's place is in the file", text);
    const Excerpt& excerpt = problem.excerpt;
    require(excerpt.begin <= excerpt.end && excerpt.end <= excerpt.text.size(),
            "a mark is in its line", text);
    require(excerpt.text.find(canary) == std::string::npos ||
                yaml.find(canary) != std::string_view::npos,
            "a line shows no secret", text);
    // Ids and the names of keys are not secrets: they are how things are called.
    const bool names = problem.message.starts_with("there is another ");
    require(names || text.find(canary) == std::string::npos ||
                yaml.find(canary) != std::string_view::npos,
            "a problem shows no secret", text);
  }
}

bool is_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void check_upstream(const UpstreamConfig& config) {
  for (const auto& time : {config.connect_timeout, config.timeout})
    require(!time || (time->count() >= 1 && time->count() <= 3'600'000),
            "times are within an hour");
  require(!config.max_response_bytes || *config.max_response_bytes >= 1, "a limit is not nothing");
  require(!config.connect_to || config.connect_to->rfind(':') != std::string::npos,
          "connect_to has a port");
  for (const auto& file : {config.ca_file, config.extra_ca_file})
    require(!file || file->is_absolute(), "paths are absolute");
}

void check_config(const Config& config) {
  require(!config.server.api_keys.empty(), "there is an API key");
  std::set<std::string> names, ids;
  for (const ApiKeyConfig& key : config.server.api_keys) {
    require(key.key.empty() != key.key_sha256.empty(), "a key is given in one way", key.name);
    require(key.key_sha256.empty() || is_hex(key.key_sha256), "a digest is one", key.key_sha256);
    require(key.name.empty() || names.insert(key.name).second, "key names are unique", key.name);
  }
  require(config.plugins.directory.is_absolute(), "the plugins' folder is absolute");
  for (const auto& pin : config.plugins.pins)
    require(is_hex(pin.second), "a pin is a digest", pin.first);
  check_upstream(config.upstream);
  for (const IntegrationConfig& one : config.integrations) {
    require(!one.id.empty() && one.id.size() <= 128 && ids.insert(one.id).second,
            "ids are there and unique", one.id);
    require(one.id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789._:-") == std::string::npos,
            "an id is a word", one.id);
    require(one.max_in_flight >= 1, "calls can be made");
    require(one.at.line >= 1 && one.id_at.line >= 1 && one.connection_at.line >= 1,
            "an integration has a place", one.id);
    std::set<std::string> fields;
    for (const ConnectionField& field : one.connection) {
      require(fields.insert(field.name).second, "a field stands once", field.name);
      require(field.at.line >= 1, "a field has a place", field.name);
    }
    check_upstream(one.upstream);
  }
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ::clearenv();  // what the machine's environment holds must not decide what a run finds
  ::setenv("CANARY", penstock::fuzz::canary.data(), 1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  // No mutation may make the fuzzer read the machine's files.
  if (yaml.find("file:") != std::string_view::npos) return 0;
  const auto config = penstock::parse_config(yaml, "fuzz.yaml", "/nowhere");
  if (config) {
    penstock::fuzz::check_config(*config);
  } else {
    penstock::fuzz::check_problems(yaml, config.error());
  }
  return 0;
}
