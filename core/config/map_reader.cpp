#include "config/map_reader.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "config/interpolate.hpp"

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

std::optional<MapReader::Scalar> read_scalar(const YamlNode& node, const std::string& what,
                                             Source& source) {
  if (node.kind != YamlNode::Kind::scalar) {
    source.problem(node.at, what + " must be a value, not " + std::string(node.kind_name()));
    return std::nullopt;
  }
  auto text = interpolate(node.text, source.directory);
  if (!text) {
    source.problem(node.at, what + ": " + text.error());
    return std::nullopt;
  }
  return MapReader::Scalar{*std::move(text), node.at, node.quoted};
}

MapReader::MapReader(const YamlNode& node, std::string what, Source& source)
    : node_(node.kind == YamlNode::Kind::map ? node : empty_map()), what_(std::move(what)),
      source_(source) {
  if (node.kind != YamlNode::Kind::map) {
    source.problem(node.at, what_ + " must be a map, not " + std::string(node.kind_name()));
  }
}

const YamlNode* MapReader::find(const char* key) {
  known_.emplace_back(key);
  const auto found = std::ranges::find_if(
      node_.entries, [&](const auto& entry) { return entry.name.text == key; });
  return found == node_.entries.end() ? nullptr : &found->value;
}

std::optional<MapReader::Scalar> MapReader::scalar(const char* key, bool required) {
  const YamlNode* found = find(key);
  if (found != nullptr) return read_scalar(*found, key, source_);
  // Of what is no map, its constructor has said all there is to say.
  if (required && &node_ != &empty_map()) source_.problem(node_.at, what_ + " needs " + key);
  return std::nullopt;
}

std::optional<bool> MapReader::boolean(const char* key) {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  if (found->text == "true") return true;
  if (found->text == "false") return false;
  source_.problem(found->at, std::string(key) + " must be true or false");
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
    source_.problem(found->at, std::string(key) + " must be a whole number from " +
                                   std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value;
}

std::optional<std::chrono::milliseconds> MapReader::milliseconds(const char* key) {
  const auto found = integer(key, 1, 3'600'000);
  return found ? std::optional(std::chrono::milliseconds(*found)) : std::nullopt;
}

std::optional<std::filesystem::path> MapReader::path(const char* key) {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  if (found->text.empty()) {
    source_.problem(found->at, std::string(key) + " must not be empty");
    return std::nullopt;
  }
  return (source_.directory / found->text).lexically_normal();
}

const YamlNode* MapReader::map(const char* key) {
  const YamlNode* found = find(key);
  if (found == nullptr || found->kind == YamlNode::Kind::map) return found;
  source_.problem(found->at,
                  std::string(key) + " must be a map, not " + std::string(found->kind_name()));
  return nullptr;
}

const YamlNode* MapReader::sequence(const char* key) {
  const YamlNode* found = find(key);
  if (found == nullptr || found->kind == YamlNode::Kind::sequence) return found;
  source_.problem(found->at,
                  std::string(key) + " must be a list, not " + std::string(found->kind_name()));
  return nullptr;
}

void MapReader::refuse_others() {
  for (const auto& [key, value] : node_.entries) {
    if (std::ranges::find(known_, key.text) == known_.end()) {
      std::string advice = did_you_mean(key.text, known_);
      if (advice.empty()) {
        for (const std::string& known : known_)
          advice += (advice.empty() ? "; it has " : ", ") + known;
      }
      source_.problem(key.at, what_ + " has no key \"" + key.text + "\"" + advice);
    }
  }
}

}  // namespace penstock::config
