#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Replaces the values of secrets in text with `***`, in any form in which our own text or a quoted
/// vendor text may contain them. The text is decoded during the search, so forms need not be
/// foreseen as a whole and one value may mix several: percent-encoding (any case, `%uXXXX`, `+` for
/// a space), XML and HTML references (named, decimal, hexadecimal, zero-padded, without semicolon),
/// JSON and C escapes and wrapped lines, nested up to six layers; UTF-8 that was read as Latin-1,
/// and Latin-1 itself; UTF-16 in either byte order; quoted-printable. For hex (in any case), base64
/// and base64url that contain a secret, the whole run is replaced, whatever precedes the secret in
/// it ("Basic …").
///
/// Time is linear in the text. Build it once and use it often; redact() is [any-thread].
class Redactor {
 public:
  /// Adds a secret. A value of fewer than 4 bytes may occur by chance, so it is replaced only if no
  /// letter or digit is adjacent. An empty value is ignored.
  void add(std::string_view secret);

  std::string redact(std::string text) const;

 private:
  enum class Extent : std::uint8_t {
    value,    ///< exactly the match
    word,     ///< the match, if no letter or digit is adjacent
    run,      ///< the match with all adjacent letters, digits and + / - _ =
    hex_run,  ///< like run, with letters in either case
  };
  struct Needle {
    std::string text;
    Extent extent;
  };
  /// A state of the Aho-Corasick automaton. Children form a list: most states have one.
  struct State {
    unsigned char byte = 0;
    int first_child = -1, next_sibling = -1;
    int fallback = 0;  ///< the longest proper suffix that is also a state
    int needle = -1;   ///< the longest needle that ends here; -1: none
  };
  struct View;
  class Hits;

  void add_needle(std::string text, Extent extent);
  void insert(int needle);
  void link();
  void take_longer(int& needle, int other) const;
  int child(int state, unsigned char byte) const;
  int step(int state, unsigned char byte) const;
  void search(const View& view, Hits& hits) const;
  void search(const View& view, Hits& hits, bool hex_only) const;
  void search_all(std::string_view text, Hits& hits) const;
  static std::string decoded(std::string_view text);

  std::vector<Needle> needles_;
  std::vector<State> states_ = std::vector<State>(1);
  std::array<int, 256> roots_{};  ///< children of the start state by byte; 0: none
  std::size_t longest_ = 0;
};

}  // namespace penstock
