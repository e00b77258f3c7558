#include "config/diagnostics/excerpt.hpp"

#include <algorithm>

#include "config/reader/parsed_config.hpp"

namespace penstock::config {
namespace {

constexpr std::size_t max_line = 4096;
constexpr std::string_view masked = "***";

/// Copies a line piece by piece and tracks where the problem's position ends up in the copy.
class LineCopy {
 public:
  LineCopy(std::string_view line, Mark problem)
      : line_(line), from_(byte_of(line, problem.column)),
        to_(from_ + byte_of(line.substr(from_), problem.length + 1)) {}

  void unmask(std::size_t begin, std::size_t end) {
    if (holds(begin, end)) {
      out_.begin = out_.text.size() + from_ - begin;
      out_.end = out_.begin + std::min(to_, end) - from_;
    }
    out_.text += line_.substr(begin, end - begin);
  }

  void redact(std::size_t begin, std::size_t end) {
    if (holds(begin, end)) {
      out_.begin = out_.text.size();
      out_.end = out_.begin + masked.size();
    }
    out_.text += masked;
  }

  /// Copies the text between two scalars: YAML punctuation as it is, anything else redacted.
  /// Returns false at a comment, which ends the line.
  bool gap(std::size_t begin, std::size_t end) {
    const std::string_view text = line_.substr(begin, end - begin);
    std::size_t stop = text.find('#');
    while (stop != std::string_view::npos && begin + stop > 0 && line_[begin + stop - 1] != ' ' &&
           line_[begin + stop - 1] != '\t')
      stop = text.find('#', stop + 1);
    const bool is_comment = stop != std::string_view::npos;
    if (is_comment) end = begin + stop;
    const std::size_t word = text.substr(0, stop).find_first_not_of(" \t[]{},:-?");
    if (word == std::string_view::npos) {
      unmask(begin, end);
    } else {
      const std::size_t signs = std::min(text.find_first_not_of(" \t"), word);
      unmask(begin, begin + signs);
      redact(begin + signs, end);
    }
    return !is_comment;
  }

  Excerpt take() {
    const std::size_t last = out_.text.find_last_not_of(" \t");
    out_.text.erase(last == std::string::npos ? 0 : last + 1);
    out_.begin = std::min(out_.begin, out_.text.size());
    out_.end = std::clamp(out_.end, out_.begin, out_.text.size());
    return std::move(out_);
  }

 private:
  bool holds(std::size_t begin, std::size_t end) const {
    return from_ >= begin && (from_ < end || end == line_.size());
  }

  std::string_view line_;
  std::size_t from_, to_;
  Excerpt out_;
};

}  // namespace

Excerpts::Excerpts(const ParsedConfig& parsed)
    : source_(parsed.yaml), is_text_(parsed.yaml.find('\0') == std::string::npos) {
  std::vector<Mark> unmasked = parsed.unmasked;
  std::ranges::sort(unmasked, {}, place);
  collect(parsed.root, unmasked);
  std::ranges::stable_sort(words_, {}, [](const Word& word) { return place(word.at); });
}

void Excerpts::collect(const YamlNode& node, const std::vector<Mark>& unmasked) {
  if (node.kind == YamlNode::Kind::scalar)
    words_.push_back({node.at, std::ranges::binary_search(unmasked, place(node.at), {}, place)});
  for (const YamlNode& item : node.items)
    collect(item, unmasked);
  for (const auto& [name, value] : node.entries) {
    if (name.kind == YamlNode::Kind::scalar) words_.push_back({name.at, name.is_key});
    collect(value, unmasked);
  }
}

Excerpt Excerpts::of(Mark at) const {
  const std::string_view line = source_.line(at.line);
  if (!is_text_ || line.empty() || line.size() > max_line) return {};
  LineCopy copy(line, at);
  std::size_t done = 0;
  int column = 1;
  auto word =
      std::ranges::lower_bound(words_, at.line, {}, [](const Word& one) { return one.at.line; });
  for (; word != words_.end() && word->at.line == at.line; ++word) {
    const std::size_t begin = done + byte_of(line.substr(done), word->at.column - column + 1);
    if (!copy.gap(done, begin)) return copy.take();
    const bool is_whole = word->at.length > 0;
    const std::size_t end =
        is_whole ? begin + byte_of(line.substr(begin), word->at.length + 1) : line.size();
    if (is_whole && word->unmasked) {
      copy.unmask(begin, end);
    } else {
      copy.redact(begin, end);
    }
    done = end;
    column = word->at.column + word->at.length;
    if (!is_whole) return copy.take();
  }
  copy.gap(done, line.size());
  return copy.take();
}

}  // namespace penstock::config
