#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

/// Replaces secrets in text by `***`, by their value, in whatever form our own text or a vendor's
/// that we quote may carry them. The text is decoded while it is searched, so a form need not be
/// foreseen as a whole and one value may mix several: percent-encoding (any case, `%uXXXX`, `+` for
/// a space), XML and HTML references (named, decimal, hexadecimal, zero-padded, without semicolon),
/// JSON and C escapes, each up to three times over; wrapped lines; UTF-8 that was read as Latin-1
/// and Latin-1 itself; UTF-16 of either byte order; quoted-printable. Of hex (in any case), base64
/// and base64url that hold a secret the whole run is replaced, whatever stands before the secret in
/// it ("Basic …").
///
/// Time is linear in the text. Build once, mask often; mask() is [any-thread].
class Redactor {
 public:
  /// A value of fewer than 4 bytes stands everywhere by chance, so it is replaced only where
  /// neither a letter nor a digit touches it. The empty value is ignored.
  void add(std::string_view secret);
  bool empty() const { return needles_.empty(); }

  std::string redact(std::string text) const;

 private:
  enum class Extent : std::uint8_t {
    value,    ///< just what matched
    word,     ///< what matched, where it is a word of its own
    run,      ///< with all letters, digits and + / - _ = around it
    hex_run,  ///< the same, its letters in any case
  };
  struct Needle {
    std::string text;
    Extent extent;
  };
  /// A state of the Aho-Corasick automaton. Children are a list: most states have one.
  struct State {
    unsigned char byte = 0;
    int first_child = -1, next_sibling = -1;
    int fallback = 0;  ///< the longest proper suffix that is a state
    int needle = -1;   ///< the longest that ends here
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
  std::array<int, 256> roots_{};  ///< the start's children by their byte; 0: none
  std::size_t longest_ = 0;
};

}  // namespace penstock
