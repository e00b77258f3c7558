#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_tree.hpp"

namespace penstock::config {

/// What all readers of one file share.
struct Source {
  std::string file;
  std::filesystem::path directory;
  ConfigProblems problems;

  void problem(Mark at, std::string message) { problems.push_back({file, at, std::move(message)}); }
};

/// Reads one map strictly: each key is asked for by name, and what was not asked for is a problem.
class MapReader {
 public:
  MapReader(const YamlNode& node, std::string what, Source& source);

  /// The key's value with interpolation done, and its place; none where it is absent or wrong.
  struct Scalar {
    std::string text;
    Mark at;
    bool quoted = false;
  };
  std::optional<Scalar> scalar(const char* key, bool required = false);

  std::optional<bool> boolean(const char* key);
  std::optional<std::int64_t> integer(const char* key, std::int64_t least, std::int64_t most);
  std::optional<std::chrono::milliseconds> milliseconds(const char* key);
  std::optional<std::filesystem::path> path(const char* key);

  const YamlNode* map(const char* key);
  const YamlNode* sequence(const char* key);

  /// Every key was known. Call last.
  void refuse_others();

  Mark at() const { return node_.at; }

 private:
  const YamlNode* find(const char* key);

  const YamlNode& node_;
  std::string what_;
  Source& source_;
  std::vector<std::string> known_;
};

/// One scalar with interpolation; none (and a problem) where it is not one.
std::optional<MapReader::Scalar> read_scalar(const YamlNode& node, const std::string& what,
                                             Source& source);

}  // namespace penstock::config
