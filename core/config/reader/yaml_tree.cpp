#include "config/reader/yaml_tree.hpp"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "config/diagnostics/source_text.hpp"
#include "config/diagnostics/yaml_error.hpp"

namespace penstock::config {
namespace {

constexpr std::size_t max_depth = 32;

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
}

/// Builds a tree from yaml-cpp's events. Its node API would silently keep duplicate keys and follow
/// aliases.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const SourceText& source, ConfigProblems& problems)
      : file_(file), source_(source), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, {}); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problem(place_of(mark), "aliases are not supported; write the value again");
    YamlNode node;
    node.kind = YamlNode::Kind::unparsed;
    add(mark, 0, std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.quoted = tag == "!";
    const bool nothing = !node.quoted && (value.empty() || value == "~" || value == "null");
    node.kind = nothing ? YamlNode::Kind::null : YamlNode::Kind::scalar;
    node.text = value;
    node.is_key = is_word(value) && source_.is_key(mark.line, mark.column, value);
    refuse_tag(mark, tag);
    add(mark, anchor, std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, anchor, YamlNode::Kind::sequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(mark, anchor, YamlNode::Kind::map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  /// The start of the value that belongs to the latest key; line 0: no value is being read.
  Mark value_being_read() const {
    return has_key_.empty() || !has_key_.back() ? Mark{} : pending_keys_.back().at;
  }

  /// After a syntax error, closes all open nodes. Only the root and a list directly inside it keep
  /// their contents; any other node, above all plugins.pins, is kept complete or not at all. The
  /// last node before the error may look complete only because of the error (a line with too little
  /// indentation ends a map), so it counts as unparsed.
  void cut_off(Mark error) {
    std::erase_if(problems_, [&](const ConfigProblem& problem) {
      return std::pair(problem.at.line, problem.at.column) >= std::pair(error.line, error.column);
    });
    close_all();
    if (root.kind != YamlNode::Kind::map) {
      root = YamlNode{.at = root.at};
      return;
    }
    root.truncated = true;
    if (root.entries.empty()) return;
    YamlNode& last = root.entries.back().value;
    last.truncated = true;
    if (last.kind != YamlNode::Kind::sequence) {
      last.kind = YamlNode::Kind::unparsed;
    } else if (!last.items.empty()) {
      last.items.pop_back();
    }
  }

  Mark place_of(const YAML::Mark& mark) const { return source_.mark(mark.line, mark.column); }

  YamlNode root{.at = {1, 1}};  // an empty file has no other position

 private:
  void close_all() {
    while (!stack_.empty()) {
      if (has_key_.back()) place({.kind = YamlNode::Kind::unparsed});
      YamlNode& open = stack_.back();
      open.truncated = true;
      const bool is_kept =
          stack_.size() == 1 || (stack_.size() == 2 && open.kind == YamlNode::Kind::sequence);
      if (!is_kept) open.kind = YamlNode::Kind::unparsed;
      close();
    }
  }

  void problem(Mark at, std::string message) {
    problems_.push_back({file_, at, std::move(message)});
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) problem(place_of(mark), "tags are not supported");
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.at = place_of(mark);
    if (anchor != 0) problem(node.at, "anchors are not supported");
    if (stack_.size() >= max_depth)
      throw YAML::ParserException(mark, "nested deeper than 32 levels");
    stack_.push_back(std::move(node));
    pending_keys_.emplace_back();
    has_key_.push_back(false);
    names_.emplace_back();
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node) {
    node.at = node.kind == YamlNode::Kind::scalar ? source_.word(mark.line, mark.column, node.text)
                                                  : place_of(mark);
    // in the appended end: see with_visible_end()
    if (node.at.line > source_.lines()) node.at = {source_.lines(), 1};
    if (anchor != 0) problem(node.at, "anchors are not supported");
    place(std::move(node));
  }

  void close() {
    YamlNode done = std::move(stack_.back());
    stack_.pop_back();
    pending_keys_.pop_back();
    has_key_.pop_back();
    names_.pop_back();
    place(std::move(done));
  }

  void place(YamlNode node) {
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    YamlNode& parent = stack_.back();
    if (parent.kind == YamlNode::Kind::sequence) {
      parent.items.push_back(std::move(node));
    } else if (!has_key_.back()) {
      if (node.kind != YamlNode::Kind::scalar && node.kind != YamlNode::Kind::unparsed)
        problem(node.at, "a key must be a word");
      if (node.text == "<<" && !node.quoted) problem(node.at, "merge keys are not supported");
      pending_keys_.back() = std::move(node);
      has_key_.back() = true;
    } else {
      // yaml-cpp reports an absent value at the position of the next word.
      const bool is_absent = node.kind == YamlNode::Kind::null && node.text.empty();
      if (is_absent || node.at.line == 0) node.at = pending_keys_.back().at;
      const std::string& name = pending_keys_.back().text;
      const int line = pending_keys_.back().at.line;
      if (const auto [first, added] = names_.back().try_emplace(name, line); !added)
        problem(pending_keys_.back().at, pending_keys_.back().displayed_name() +
                                             " occurs twice; first on line " +
                                             std::to_string(first->second));
      parent.entries.push_back({std::move(pending_keys_.back()), std::move(node)});
      has_key_.back() = false;
    }
  }

  const std::string& file_;
  const SourceText& source_;
  ConfigProblems& problems_;
  std::vector<YamlNode> stack_;
  std::vector<YamlNode> pending_keys_;  ///< one per open node; used for maps only
  std::vector<bool> has_key_;
  /// The keys of each open map, with the line of their first occurrence.
  std::vector<std::unordered_map<std::string, int>> names_;
};

/// yaml-cpp accepts the end of the file as the end of a quoted value if a line break precedes it,
/// so a truncated value would be read as if it were complete. Appends a comment, which only such a
/// value absorbs, so that the parser detects the error.
std::string with_visible_end(std::string_view yaml) {
  std::string out(yaml);
  if (out.ends_with(' ') || out.ends_with('\t') || out.ends_with('\r')) out += '\n';
  if (out.ends_with('\n')) out += '#';
  return out;
}

}  // namespace

std::string_view YamlNode::kind_name() const {
  switch (kind) {
  case Kind::null:
    return "nothing";
  case Kind::scalar:
    return "a value";
  case Kind::sequence:
    return "a list";
  case Kind::map:
  case Kind::unparsed:
    break;
  }
  return "a map";
}

std::string YamlNode::displayed_name() const { return is_key ? "\"" + text + "\"" : "***"; }

YamlNode parse_yaml(std::string_view yaml, const std::string& file, ConfigProblems& problems) {
  if (yaml.size() > max_yaml) {
    problems.push_back({file, {1, 1}, "is larger than 16 MiB"});
    return {};
  }
  const SourceText source(yaml);
  TreeBuilder builder(file, source, problems);
  const auto invalid = [&](Mark at, const std::string& why) {
    const YamlError error = explain(why, at, builder.value_being_read(), source);
    builder.cut_off(error.at);
    problems.push_back({file, error.at, "is not valid YAML: " + error.message});
  };
  try {
    std::istringstream stream(with_visible_end(yaml));
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(file, source, problems);
    if (parser.HandleNextDocument(second))
      problems.push_back({file, second.root.at, "only one document is allowed"});
  } catch (const YAML::Exception& error) {
    // After a colon yaml-cpp quotes the file, where a secret may be: `token: *abc`.
    invalid(builder.place_of(error.mark), error.msg.substr(0, error.msg.find(':')));
  } catch (const std::exception& error) {
    invalid({1, 1}, error.what());
  }
  return std::move(builder.root);
}

}  // namespace penstock::config
