#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::config {

constexpr std::size_t max_yaml = 16U << 20U;

/// A YAML document as it stands in the file, each node with its place. Scalars are text: what they
/// mean is the reader's to say (YAML's own guesses turn `no` into false and 012 into 10).
struct YamlNode {
  enum class Kind : std::uint8_t {
    null,
    scalar,
    sequence,
    map,
    unread  ///< an alias, or cut off by a syntax error: that is told, and is all there is to tell
  };
  struct Entry;  // not a pair: of itself inside itself, clang cannot complete one

  Kind kind = Kind::null;
  Mark at;
  std::string text;
  bool quoted = false;
  bool named = false;  ///< as a key: a word with a colon behind it, and no value in a key's place
  bool cut = false;    ///< a syntax error ended it: what it lacks may have been to come
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<Entry> entries;   ///< of a map, in order

  std::string_view kind_name() const;

  /// A key's name for messages; *** where it may be a value that slipped into its place.
  std::string shown() const;
};

struct YamlNode::Entry {
  YamlNode name, value;
};

/// Parses one document. Anchors, aliases, tags, merge keys, duplicate keys, more than 32 levels or
/// 16 MiB are problems. `file` stands in the problems. Of a text with a syntax error the tree holds
/// what stood complete before it: the root's members, and the items of its last list.
YamlNode parse_yaml(std::string_view yaml, const std::string& file, ConfigProblems& problems);

}  // namespace penstock::config
