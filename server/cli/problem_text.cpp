#include "cli/problem_text.hpp"

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <iomanip>
#include <string_view>
#include <vector>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace penstock::cli {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";
constexpr std::size_t tab = 4;

/// Makes wcwidth and mbrtowc use UTF-8, whatever the user's locale; for this thread, until
/// destroyed.
class Utf8Locale {
 public:
  Utf8Locale() : own_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(::uselocale(own_)) {}
  ~Utf8Locale() {
    ::uselocale(before_);
    if (own_ != nullptr) ::freelocale(own_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t own_, before_;
};

/// One character as displayed.
struct Glyph {
  std::string bytes;
  std::size_t width = 1;
  std::size_t from = 0;  ///< offset of its first byte in the text
};

bool steers(wchar_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

std::vector<Glyph> glyphs(std::string_view text) {
  const Utf8Locale locale;
  std::vector<Glyph> out;
  std::mbstate_t state{};
  for (std::size_t at = 0; at < text.size();) {
    wchar_t c = 0;
    std::size_t size = ::mbrtowc(&c, text.data() + at, text.size() - at, &state);
    const bool is_valid = size != 0 && size <= text.size() - at;
    if (!is_valid) {
      size = 1;
      state = {};
    }
    if (text[at] == '\t') {
      out.push_back({std::string(tab, ' '), tab, at});
    } else if (!is_valid || steers(c)) {
      out.push_back({std::string(utf8_replacement), 1, at});
    } else {
      out.push_back({std::string(text.substr(at, size)),
                     static_cast<std::size_t>(std::max(0, ::wcwidth(c))), at});
    }
    at += size;
  }
  return out;
}

/// The source line, cut around the mark, and the mark: "^~~~".
struct Shown {
  std::string line, indent, mark;
};

Shown show(const Excerpt& excerpt, std::size_t width) {
  const std::vector<Glyph> all = glyphs(excerpt.text);
  std::size_t total = 0, before = 0;
  for (const Glyph& glyph : all) {
    total += glyph.width;
    if (glyph.from < excerpt.begin) before += glyph.width;
  }
  const bool is_cut_left = total > width && before > width / 2;
  const std::size_t first = is_cut_left ? before - width / 2 : 0;
  Shown out;
  std::size_t column = 0, shown = 0, indent = 0, mark = 0;
  if (is_cut_left) {
    out.line = ellipsis;
    shown = indent = 1;
  }
  for (const Glyph& glyph : all) {
    const std::size_t at = column;
    column += glyph.width;
    if (at < first) continue;
    if (shown + glyph.width > width) {
      out.line += ellipsis;
      break;
    }
    out.line += glyph.bytes;
    shown += glyph.width;
    if (glyph.from < excerpt.begin) indent += glyph.width;
    if (glyph.from >= excerpt.begin && glyph.from < excerpt.end) mark += glyph.width;
  }
  out.indent.assign(indent, ' ');
  out.mark = "^" + std::string(mark > 1 ? mark - 1 : 0, '~');
  return out;
}

}  // namespace

ProblemStyle ProblemStyle::of(int descriptor) {
  ProblemStyle out;
  out.excerpts = ::isatty(descriptor) == 1;
  const char* const term = std::getenv("TERM");
  const char* const no_color = std::getenv("NO_COLOR");
  out.colours = out.excerpts && term != nullptr && std::string_view(term) != "dumb" &&
                (no_color == nullptr || *no_color == '\0');
  winsize size{};
  constexpr std::size_t gutter = 8;
  if (out.excerpts && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
    out.width = std::min<std::size_t>(size.ws_col - gutter - 1, 160);
  return out;
}

void print_problems(const ConfigProblems& problems, const ProblemStyle& style, std::ostream& out) {
  const auto coloured = [&](std::string_view colour, const std::string& text) {
    return style.colours ? "\x1B[" + std::string(colour) + "m" + text + "\x1B[0m" : text;
  };
  for (const ConfigProblem& problem : problems) {
    const std::string text = problem.text();
    const std::size_t place = text.size() - problem.message.size();
    out << coloured("1", printable(std::string_view(text).substr(0, place)))
        << printable(problem.message) << '\n';
    if (!style.excerpts || problem.excerpt.text.empty()) continue;
    const Shown shown = show(problem.excerpt, style.width);
    out << std::setw(5) << problem.at.line << " | " << shown.line << '\n'
        << "      | " << shown.indent << coloured("1;31", shown.mark) << '\n';
  }
  out << quantity(problems.size(), "problem") << '\n';
}

void print_notes(const ConfigProblems& notes, std::ostream& out) {
  for (const ConfigProblem& note : notes)
    out << printable("note: " + note.text()) << '\n';
}

std::string printable(std::string_view text) {
  std::string out;
  for (const Glyph& glyph : glyphs(text))
    out += glyph.bytes;
  return out;
}

}  // namespace penstock::cli
