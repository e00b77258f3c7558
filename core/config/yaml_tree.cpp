#include "config/yaml_tree.hpp"

#include <sstream>
#include <unordered_set>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace penstock::config {
namespace {

constexpr std::size_t largest = 16U << 20U;
constexpr std::size_t deepest = 32;

Mark to_mark(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// yaml-cpp's events into a tree. The node API would keep duplicate keys silently and follow
/// aliases.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, std::string_view yaml, ConfigProblems& problems)
      : file_(file), last_line_(static_cast<int>(std::ranges::count(yaml, '\n')) + 1),
        problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, {}); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problem(to_mark(mark), "aliases are not supported; write the value again");
    add(mark, 0, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.quoted = tag == "!";
    const bool nothing = !node.quoted && (value.empty() || value == "~" || value == "null");
    node.kind = nothing ? YamlNode::Kind::null : YamlNode::Kind::scalar;
    node.text = value;
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

  YamlNode root{.at = {1, 1}};  // a file without anything has no other place

 private:
  void problem(Mark at, std::string message) {
    problems_.push_back({file_, at, std::move(message)});
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) problem(to_mark(mark), "tags are not supported");
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.at = to_mark(mark);
    if (anchor != 0) problem(node.at, "anchors are not supported");
    if (stack_.size() >= deepest) throw YAML::ParserException(mark, "nested deeper than 32 levels");
    stack_.push_back(std::move(node));
    pending_keys_.emplace_back();
    has_key_.push_back(false);
    names_.emplace_back();
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node) {
    node.at = to_mark(mark);
    if (node.at.line > last_line_) node.at = {last_line_, 1};  // on the end made visible
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
      if (node.kind != YamlNode::Kind::scalar) problem(node.at, "a key must be a word");
      if (node.text == "<<" && !node.quoted) problem(node.at, "merge keys are not supported");
      pending_keys_.back() = std::move(node);
      has_key_.back() = true;
    } else {
      const std::string& name = pending_keys_.back().text;
      if (!names_.back().insert(name).second)
        problem(pending_keys_.back().at, "\"" + name + "\" stands here twice");
      parent.entries.push_back({std::move(pending_keys_.back()), std::move(node)});
      has_key_.back() = false;
    }
  }

  const std::string& file_;
  const int last_line_;
  ConfigProblems& problems_;
  std::vector<YamlNode> stack_;
  std::vector<YamlNode> pending_keys_;  ///< one for each open node; used by maps
  std::vector<bool> has_key_;
  std::vector<std::unordered_set<std::string>> names_;  ///< of the keys of each open map
};

/// yaml-cpp takes the end of the file for the end of a quoted value, if a line end stands before
/// it: what was cut off there would be read as if it were whole. A comment, which nothing but such
/// a value swallows, makes it see that.
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
    break;
  }
  return "a map";
}

YamlNode parse_yaml(std::string_view yaml, const std::string& file, ConfigProblems& problems) {
  if (yaml.size() > largest) {
    problems.push_back({file, {1, 1}, "is larger than 16 MiB"});
    return {};
  }
  TreeBuilder builder(file, yaml, problems);
  try {
    std::istringstream stream(with_visible_end(yaml));
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(file, yaml, problems);
    if (parser.HandleNextDocument(second))
      problems.push_back({file, second.root.at, "only one document is read"});
  } catch (const YAML::Exception& error) {
    problems.push_back({file, to_mark(error.mark), "is not valid YAML: " + error.msg});
  } catch (const std::exception& error) {
    problems.push_back({file, {1, 1}, std::string("is not valid YAML: ") + error.what()});
  }
  return std::move(builder.root);
}

}  // namespace penstock::config
