#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <penstock/config.hpp>

namespace penstock::config {

/// A YAML document as it stands in the file, each node with its place. Scalars are text: what they
/// mean is the reader's to say (YAML's own guesses turn `no` into false and 012 into 10).
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, map };
  struct Entry;  // not a pair: of itself inside itself, clang cannot complete one

  Kind kind = Kind::null;
  Mark at;
  std::string text;
  bool quoted = false;
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<Entry> entries;   ///< of a map, in order

  std::string_view kind_name() const;
};

struct YamlNode::Entry {
  YamlNode name, value;
};

/// Parses one document. Anchors, aliases, tags, merge keys, duplicate keys, more than 32 levels or
/// 16 MiB are problems. `file` stands in the problems.
YamlNode parse_yaml(std::string_view yaml, const std::string& file, ConfigProblems& problems);

}  // namespace penstock::config
