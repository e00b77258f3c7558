#pragma once

#include <vector>

#include <penstock/config.hpp>

#include "config/diagnostics/source_text.hpp"

namespace penstock::config {

struct ParsedConfig;

/// Lines of a configuration file as they may be shown. What is known to be no secret is; all else
/// is masked: values nobody asked for, comments, what the parser made nothing of.
class Excerpts {
 public:
  explicit Excerpts(const ParsedConfig& reading);  ///< which must outlive this

  Excerpt of(Mark at) const;

 private:
  struct Word {
    Mark at;
    bool clear = false;
  };

  void collect(const struct YamlNode& node, const std::vector<Mark>& clear);

  SourceText source_;
  std::vector<Word> words_;  ///< every scalar, in the order of their places
  bool is_text_;
};

}  // namespace penstock::config
