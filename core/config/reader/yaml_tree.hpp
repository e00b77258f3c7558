#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::config {

constexpr std::size_t max_yaml = 16U << 20U;

/// A YAML document, each node with its position. Scalars are plain text; the reader interprets
/// them, because YAML's own rules turn `no` into false and 012 into 10.
struct YamlNode {
  enum class Kind : std::uint8_t {
    null,
    scalar,
    sequence,
    map,
    unparsed  ///< an alias, or cut off by a syntax error; already reported, so nothing more is
  };
  struct Entry;  // not a std::pair: clang cannot complete a pair of the type inside itself

  Kind kind = Kind::null;
  Mark at;
  std::string text;
  bool quoted = false;
  bool is_key =
      false;  ///< for a key: a word followed by a colon, not a value in the place of a key
  bool truncated = false;       ///< ended by a syntax error: missing parts may have followed
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<Entry> entries;   ///< of a map, in file order

  std::string_view kind_name() const;

  /// The name of a key for messages; *** if it may be a value in the wrong place.
  std::string displayed_name() const;
};

struct YamlNode::Entry {
  YamlNode name, value;
};

/// Parses one document. Anchors, aliases, tags, merge keys, duplicate keys, more than 32 levels and
/// more than 16 MiB are errors. `file` is used in the problems. After a syntax error the tree
/// contains what was complete before it: members of the root and items of its last list.
YamlNode parse_yaml(std::string_view yaml, const std::string& file, ConfigProblems& problems);

}  // namespace penstock::config
