// What a plugin's author writes: manifests, schemas and their patterns.
// A schema accepts its own output for an accepted input; libFuzzer's -timeout bounds the time.
#include <algorithm>

#include "base/json_guard.hpp"
#include "catalog/manifest.hpp"
#include "fuzz.hpp"
#include "schema/pattern.hpp"
#include "schema/schema.hpp"

namespace penstock::fuzz {
namespace {

template <class Problems>
void check_problems(const Problems& problems) {
  require(!problems.empty(), "a refusal has a problem");
  for (const auto& problem : problems) {
    require(!problem.message.empty(), "a problem says what is wrong", problem.pointer);
    require(problem.pointer.empty() || problem.pointer.starts_with('/'), "a problem has a pointer",
            problem.pointer);
  }
}

/// Values that would lead elsewhere if they were not encoded.
void check_base_url(const catalog::Api& api) {
  for (const std::string_view hostile : {"evil.example/", "u@evil.example", "x:80", "a?b", "a#b",
                                         "../..", "\r\nX: y", "%2f%2e", "//evil.example"}) {
    const auto url =
        api.base_url.expand([&](auto, auto) -> std::optional<std::string_view> { return hostile; });
    if (!url || api.base_url.text().starts_with('{')) continue;  // the whole URL: egress decides
    require(url->scheme == "https" && parse_url(url->text()).has_value(), "a base URL is a URL",
            url->text());
    require(url->host.find("evil.example") == std::string::npos, "no value becomes the host",
            url->text());
  }
}

void check_manifest(std::string_view json) {
  const auto manifest = catalog::parse_manifest(json);
  if (!manifest) return check_problems(manifest.error());
  require(!manifest->tool.empty() && !manifest->egress.patterns().empty() &&
              !manifest->apis.empty(),
          "a manifest has a tool, an egress list and an API");
  for (const catalog::Api& api : manifest->apis) {
    require(!api.methods.empty() && !api.name.empty(), "an API can be called", api.name);
    for (const auto& rule : api.classify)
      require(rule.status_from >= 100 && rule.status_to <= 599, "a rule is about a status");
    check_base_url(api);
  }
}

void check_schema(std::string_view text, std::string_view instance) {
  const auto schema = schema::Schema::compile(text);
  if (!schema) return check_problems(schema.error());
  const auto again = schema::Schema::compile(schema->json());
  require(again && again->json() == schema->json(), "a schema is written as it can be read",
          schema->json());
  const schema::Validation first = schema->validate(instance, "/api_options");
  for (const Problem& problem : first.problems) {
    require(problem.pointer.starts_with("/api_options") && !problem.message.empty(),
            "a problem has its place", problem.pointer);
  }
  if (!first.ok()) return;
  require(parse_json(first.canonical).has_value() || unsafe_for_rapidjson(first.canonical),
          "the canonical form is JSON", first.canonical);
  // A default that was filled in may break a limit on the number of members: its author's doing.
  if (text.find("default") != std::string_view::npos) return;
  const schema::Validation second = schema->validate(first.canonical, "", schema::Scalars::strict);
  require(second.ok() && second.canonical == first.canonical,
          "what is accepted is accepted again, strictly and unchanged", first.canonical);
}

void check_pattern(std::string_view pattern, std::string_view text) {
  const auto compiled = schema::Pattern::compile(pattern);
  if (!compiled) return require(!compiled.error().empty(), "a refusal says why");
  const bool found = compiled->search(text);
  if (pattern.find_first_of("^$") != std::string_view::npos) return;
  if (found) {
    require(compiled->search("a" + std::string(text) + "a"), "what occurs, occurs in the middle",
            pattern);
  }
  const auto either =
      schema::Pattern::compile("(?:" + std::string(pattern) + ")|" + std::string(pattern));
  if (either) require(either->search(text) == found, "twice the same choice is no other", pattern);
  const auto whole = schema::Pattern::compile("^(?:" + std::string(pattern) + ")$");
  if (whole && whole->search(text)) require(found, "what matches in whole, occurs", pattern);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::fuzz;
  Input input(data, size);
  const std::string_view first = input.text(), second = input.text();
  const std::string_view pattern = input.text(), text = input.rest();
  check_manifest(first);
  check_schema(first, second);
  check_pattern(pattern, text);
  return 0;
}
