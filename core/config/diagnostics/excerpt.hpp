#pragma once

#include <vector>

#include <penstock/config.hpp>

#include "config/diagnostics/source_text.hpp"

namespace penstock::config {

struct ParsedConfig;

/// Lines of a configuration file that may be shown. Text known not to be secret is shown;
/// everything else is redacted: values that no reader requested, comments, and what the parser did
/// not understand.
class Excerpts {
 public:
  explicit Excerpts(const ParsedConfig& parsed);  ///< `parsed` must outlive this object

  Excerpt of(Mark at) const;

 private:
  struct Word {
    Mark at;
    bool unmasked = false;
  };

  void collect(const struct YamlNode& node, const std::vector<Mark>& unmasked);

  SourceText source_;
  std::vector<Word> words_;  ///< every scalar, sorted by position
  bool is_text_;
};

}  // namespace penstock::config
