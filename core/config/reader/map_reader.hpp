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

/// The text that messages show instead of a name or value that may be secret, by position.
using DisplayedTexts = std::map<Place, std::string>;

/// The hint for an unknown name: a similar name; with `all`, the list of known names if none is
/// similar.
enum class Hint : std::uint8_t { near, all };

/// State shared by all readers of one file.
struct ReadContext {
  std::string file;
  std::filesystem::path directory;
  ConfigProblems problems;
  std::vector<Mark> unmasked = {};  ///< positions of the scalars that are not secret
  DisplayedTexts displayed_texts = {};
  ConfigProblems notes = {};  ///< valid, but perhaps not intended

  void problem(Mark at, std::string message) { problems.push_back({file, at, std::move(message)}); }
  void note(Mark at, std::string message) { notes.push_back({file, at, std::move(message)}); }

  /// Reports an unknown name: adds `message` with the name of `known` that was probably meant.
  /// Returns that name; empty: no close match.
  std::string unknown(Mark at, std::string message, std::string_view name,
                      std::span<const std::string> known, Hint hint = Hint::near);
};

/// Whether a scalar may be shown in problems.
enum class Display : std::uint8_t { unmasked, masked };

/// Reads one map strictly: each key is requested by name; keys that were not requested are errors.
class MapReader {
 public:
  MapReader(const YamlNode& node, std::string what, ReadContext& context);

  /// The value of a key after interpolation, and its position; none if it is absent or invalid.
  struct Scalar {
    std::string text;
    Mark at;
    bool quoted = false;
  };
  std::optional<Scalar> scalar(const char* key, bool required = false,
                               Display display = Display::unmasked);

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

  /// Requires at least one of `keys`; otherwise reports `message`, unless an unknown key was
  /// probably meant to be one of them.
  void need(std::initializer_list<const char*> keys, std::string message);

  /// Reports unknown keys and missing required keys. Call it last.
  void refuse_others();

  /// Whether the key is present, or an unknown key was probably meant to be it (after
  /// refuse_others).
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
  ReadContext& context_;
  std::vector<std::string> known_, meant_;
  std::vector<Need> needs_;
};

/// Reads one scalar with interpolation; none, and a problem, if it is not a scalar.
std::optional<MapReader::Scalar> read_scalar(const YamlNode& node, const std::string& what,
                                             ReadContext& context,
                                             Display display = Display::unmasked);

}  // namespace penstock::config
