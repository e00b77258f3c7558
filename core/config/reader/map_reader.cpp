#include "config/reader/map_reader.hpp"

#include <algorithm>
#include <charconv>

#include <penstock/text.hpp>

#include "config/reader/interpolate.hpp"
#include "config/reader/secret_rule.hpp"

namespace penstock::config {
namespace {

const YamlNode& empty_map() {
  static const YamlNode empty = [] {
    YamlNode node;
    node.kind = YamlNode::Kind::map;
    return node;
  }();
  return empty;
}

}  // namespace

std::string ReadContext::unknown(Mark at, std::string message, std::string_view name,
                                 std::span<const std::string> known, Hint hint) {
  std::string near = nearest(name, known);
  message += did_you_mean(near);
  if (near.empty() && hint == Hint::all) {
    for (const std::string& one : known)
      message += (&one == &known.front() ? "; it has " : ", ") + one;
  }
  problems.push_back({file, at, std::move(message), near, {}});
  return near;
}

std::optional<MapReader::Scalar> read_scalar(const YamlNode& node, const std::string& what,
                                             ReadContext& context, Display display) {
  if (node.kind == YamlNode::Kind::unparsed) return std::nullopt;
  if (node.kind == YamlNode::Kind::scalar && display == Display::unmasked) {
    context.unmasked.push_back(node.at);
    if (node.text.find("${") != std::string::npos)
      context.displayed_texts.emplace(place(node.at), node.text);
  }
  if (node.kind != YamlNode::Kind::scalar) {
    context.problem(node.at, what + " must be a value, not " + std::string(node.kind_name()));
    return std::nullopt;
  }
  if (has_escaped_dollar(node.text)) {
    context.note(node.at, what + ": $$ means one $; if you mean two, write $$$$");
  }
  auto text = interpolate(node.text, context.directory);
  if (!text) {
    context.problem(node.at, what + ": " + text.error());
    return std::nullopt;
  }
  if (display == Display::unmasked && (text->ends_with('\n') || text->ends_with('\r'))) {
    context.problem(node.at, what + " " + secret_trouble(*text + "\n"));
    return std::nullopt;
  }
  return MapReader::Scalar{*std::move(text), node.at, node.quoted};
}

MapReader::MapReader(const YamlNode& node, std::string what, ReadContext& context)
    : node_(node.kind == YamlNode::Kind::map ? node : empty_map()),
      is_map_(node.kind == YamlNode::Kind::map), what_(std::move(what)), context_(context) {
  if (!is_map_ && node.kind != YamlNode::Kind::unparsed) {
    context.problem(node.at, what_ + " must be a map, not " + std::string(node.kind_name()));
  }
}

const YamlNode* MapReader::find(const char* key) {
  known_.emplace_back(key);
  const auto found = std::ranges::find_if(
      node_.entries, [&](const auto& entry) { return entry.name.text == key; });
  return found == node_.entries.end() ? nullptr : &found->value;
}

std::optional<MapReader::Scalar> MapReader::scalar(const char* key, bool required,
                                                   Display display) {
  const YamlNode* found = find(key);
  if (found != nullptr) return read_scalar(*found, key, context_, display);
  if (required) need({key}, what_ + " needs " + key);
  return std::nullopt;
}

void MapReader::need(std::initializer_list<const char*> keys, std::string message) {
  needs_.push_back({{keys.begin(), keys.end()}, std::move(message)});
}

std::optional<bool> MapReader::boolean(const char* key) {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  if (found->text == "true") return true;
  if (found->text == "false") return false;
  context_.problem(found->at, std::string(key) + " must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> MapReader::integer(const char* key, std::int64_t least,
                                               std::int64_t most) {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  std::int64_t value = 0;
  const char* end = found->text.data() + found->text.size();
  const auto [rest, error] = std::from_chars(found->text.data(), end, value);
  if (error != std::errc() || rest != end || value < least || value > most) {
    context_.problem(found->at, std::string(key) + " must be a whole number from " +
                                    std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value;
}

std::optional<std::chrono::milliseconds> MapReader::milliseconds(const char* key) {
  const auto found = integer(key, 1, 3'600'000);
  return found ? std::optional(std::chrono::milliseconds(*found)) : std::nullopt;
}

std::optional<MapReader::Path> MapReader::path(const char* key) {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  if (found->text.empty()) {
    context_.problem(found->at, std::string(key) + " must not be empty");
    return std::nullopt;
  }
  return Path{(context_.directory / found->text).lexically_normal(), found->at};
}

const YamlNode* MapReader::map(const char* key) {
  const YamlNode* found = find(key);
  if (found == nullptr || found->kind == YamlNode::Kind::map) return found;
  if (found->kind != YamlNode::Kind::unparsed) {
    context_.problem(found->at,
                     std::string(key) + " must be a map, not " + std::string(found->kind_name()));
  }
  return nullptr;
}

const YamlNode* MapReader::sequence(const char* key) {
  const YamlNode* found = find(key);
  if (found == nullptr || found->kind == YamlNode::Kind::sequence) return found;
  if (found->kind != YamlNode::Kind::unparsed) {
    context_.problem(found->at,
                     std::string(key) + " must be a list, not " + std::string(found->kind_name()));
  }
  return nullptr;
}

bool MapReader::has(std::string_view key) const {
  return std::ranges::find(meant_, key) != meant_.end() ||
         std::ranges::any_of(node_.entries,
                             [&](const auto& entry) { return entry.name.text == key; });
}

void MapReader::refuse_others() {
  for (const auto& [key, value] : node_.entries) {
    const bool is_told = key.kind != YamlNode::Kind::scalar || (key.text == "<<" && !key.quoted);
    if (is_told || std::ranges::find(known_, key.text) != known_.end()) continue;
    std::string message = what_ + " has no key " + key.displayed_name();
    if (key.is_key && key.text.starts_with('-'))
      message += "; put a space after the dash of a list item";
    std::string near = context_.unknown(key.at, std::move(message), key.text, known_, Hint::all);
    if (!near.empty()) meant_.push_back(std::move(near));
  }
  // If the node is not a map or was cut off, nothing more can be reported.
  if (!is_map_ || node_.truncated) return;
  for (Need& need : needs_) {
    const auto is_here = [&](const std::string& key) { return has(key); };
    if (std::ranges::none_of(need.keys, is_here))
      context_.problem(node_.at, std::move(need.message));
  }
}

}  // namespace penstock::config
