#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader/yaml_tree.hpp"

namespace penstock::config {

using Place = std::pair<int, int>;  ///< line and column
inline Place place(Mark at) { return {at.line, at.column}; }

/// What messages show in the place of what a name or a value is, since that may be a secret.
using Written = std::map<Place, std::string>;

/// What helps whoever wrote an unknown name: a near one, and where there is none perhaps all.
enum class Hint : std::uint8_t { near, all };

/// What all readers of one file share.
struct Source {
  std::string file;
  std::filesystem::path directory;
  ConfigProblems problems;
  std::vector<Mark> clear = {};  ///< of the scalars that are no secret, so that they may be shown
  Written written = {};
  ConfigProblems notes = {};  ///< what is right, and perhaps not what was meant

  void problem(Mark at, std::string message) { problems.push_back({file, at, std::move(message)}); }
  void note(Mark at, std::string message) { notes.push_back({file, at, std::move(message)}); }

  /// `message` about a name that is not among `known`, with the one that was probably meant, which
  /// it gives back; empty: none is near.
  std::string unknown(Mark at, std::string message, std::string_view name,
                      std::span<const std::string> known, Hint hint = Hint::near);
};

/// Whether a scalar may be shown to whoever reads a problem.
enum class Shown : std::uint8_t { clear, masked };

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
  std::optional<Scalar> scalar(const char* key, bool required = false, Shown shown = Shown::clear);

  std::optional<bool> boolean(const char* key);
  std::optional<std::int64_t> integer(const char* key, std::int64_t least, std::int64_t most);
  std::optional<std::chrono::milliseconds> milliseconds(const char* key);

  struct Path {
    std::filesystem::path path;  ///< absolute
    Mark at;
  };
  std::optional<Path> path(const char* key);

  const YamlNode* map(const char* key);
  const YamlNode* sequence(const char* key);

  /// One of `keys` has to be there: else `message`, unless an unknown key was meant to be it.
  void need(std::initializer_list<const char*> keys, std::string message);

  /// Every key was known and every needed one is there. Call last.
  void refuse_others();

  /// Whether the key is there, or an unknown one that was meant to be it (after refuse_others).
  bool has(std::string_view key) const;

 private:
  struct Need {
    std::vector<std::string> keys;
    std::string message;
  };

  const YamlNode* find(const char* key);

  const YamlNode& node_;
  const bool is_map_;
  std::string what_;
  Source& source_;
  std::vector<std::string> known_, meant_;
  std::vector<Need> needs_;
};

/// One scalar with interpolation; none (and a problem) where it is not one.
std::optional<MapReader::Scalar> read_scalar(const YamlNode& node, const std::string& what,
                                             Source& source, Shown shown = Shown::clear);

}  // namespace penstock::config
