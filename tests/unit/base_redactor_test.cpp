#include <algorithm>
#include <ctime>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/text.hpp>

#include "base/redactor.hpp"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Redactor redactor_of(std::string_view secret) {
  Redactor redactor;
  redactor.add(secret);
  return redactor;
}

struct MaskCase {
  const char* secret;
  std::string written;
};

TEST(Redactor, hides_a_value_however_it_is_written) {
  const MaskCase cases[] = {
      {"s3cr&t/\"<x>", "s3cr&t/\"<x>"},
      {"s3cr&t/\"<x>", "s3cr&amp;t/&quot;&lt;x&gt;"},
      {"s3cr&t/\"<x>", R"(s3cr&t\/\"<x>)"},
      {"s3cr&t/\"<x>", "s3cr%26t%2F%22%3Cx%3E"},
      {"s3cr&t/\"<x>", "s3cr%26t%2f%22%3cx%3e"},
      {"s3cr&t/\"<x>", "%73%33cr%26t/\"%3cx>"},
      {"s3cr&t/\"<x>", "s3cr%2526t%252F%2522%253Cx%253E"},
      {"s3cr&t/\"<x>", "s3cr&amp;amp;t/&amp;quot;&amp;lt;x&amp;gt;"},
      {"s3cr&t/\"<x>", "s3cr&#38;t/&#034;&#x3c;x&#X0003E;"},
      {"s3cr&t/\"<x>", "s3cr&#38t/&#34&lt;x&#62"},
      {"s3cr&t/\"<x>", "s3cr\\u0026t/\\\"\\u003cx\\u003E"},
      {"s3cr&t/\"<x>", "s3cr\\x26t/\\x22<x>"},
      {"s3cr&t/\"<x>", "s3cr%u0026t/%u0022<x>"},
      {"s3cr&t/\"<x>", "s3cr&amp;t\\/&quot;%3cx&#x3e;"},
      {"s3cr&t/\"<x>", "7333637226742f223c783e"},
      {"s3cr&t/\"<x>", "7333637226742F223C783E"},
      {"s3cr&t/\"<x>", "7333637226742f223C783e"},
      {"s3cr&t/\"<x>", "s3cr=26t/=22=3cx=3E"},
      {"long-secret-value", "long-sec=\r\nret=2Dvalue"},
      {"p\xC3\xA4ssw\xC3\xB6rd", "p=C3=A4ssw=c3=b6rd"},
      {"p\xC3\xA4ssw\xC3\xB6rd", "p=E4ssw=F6rd"},
      {"hunter2!", std::string("h\0u\0n\0t\0e\0r\0"
                               "2\0!\0",
                               16)},
      {"hunter2!", std::string("\0h\0u\0n\0t\0e\0r\0"
                               "2\0!",
                               16)},
      {"hunter2!", "h%00u%00n%00t%00e%00r%002%00!%00"},
      {"hunter2!", "\\u0000h\\u0000u\\u0000n\\u0000t\\u0000e\\u0000r\\u00002\\u0000!"},
      {"hunter2!", "680075006e0074006500720032002100"},
      {"hunter2!", "aAB1AG4AdABlAHIAMgAhAA=="},
      {"key\xF0\x9F\x94\x91!", std::string("k\0e\0y\0\x3D\xD8\x11\xDD!\0", 12)},
      {"don't-tell", "don&#039;t-tell"},
      {"don't-tell", "don&#0000000000000000000000000039;t-tell"},
      {"don't-tell", "don&#x0027;t-tell"},
      {"don't-tell", "don&apos;t-tell"},
      {"don't-tell", "don%27t-tell"},
      {"don't-tell", "don\\'t-tell"},
      {"don't-tell", "don\\u0027t-tell"},
      {"don't-tell", "don\\\\u0027t-tell"},
      {"a b c d", "a+b+c+d"},
      {"a b c d", "a%20b+c&#32;d"},
      {"pässwörd", "pässwörd"},
      {"pässwörd", "p\\u00e4ssw\\u00F6rd"},
      {"pässwörd", "p&auml;ssw&ouml;rd"},
      {"pässwörd", "p&#228;ssw&#xF6;rd"},
      {"pässwörd", "p%C3%A4ssw%c3%b6rd"},
      {"pässwörd", "p%E4ssw%f6rd"},
      {"pässwörd", "p%u00e4ssw%u00F6rd"},
      {"pässwörd", "p\xE4ssw\xF6rd"},
      {"pässwörd", "p\xC3\x83\xC2\xA4ssw\xC3\x83\xC2\xB6rd"},
      {"pässwörd", "p&#195;&#164;ssw&Atilde;&para;rd"},
      {"pässwörd", "p\\xc3\\xa4ssw\\xc3\\xb6rd"},
      {"key\xF0\x9F\x94\x91!", "key\\ud83d\\uDD11!"},
      {"key\xF0\x9F\x94\x91!", "key&#128273;!"},
      {"a%41&amp;\\n", "a%41&amp;\\n"},
      {"a%41&amp;\\n", "a%2541%26amp%3B%5Cn"},
      {"a%41&amp;\\n", "a%41&amp;amp;\\n"},
      {"a%41&amp;\\n", "a%41&amp;\\\\n"},
      {"long-secret-value", "long-sec\nret-value"},
      {"long-secret-value", "long-sec\r\n    ret-value"},
      {"long-secret-value", "long-sec\\r\\nret-value"},
      {"one\ntwo\nthree", "one\ntwo\nthree"},
      {"one\ntwo\nthree", "one\\ntwo\\nthree"},
      {"one\ntwo\nthree", "one%0Atwo%0Athree"},
  };
  for (const MaskCase& one : cases)
    EXPECT_EQ(redactor_of(one.secret).redact("<" + one.written + ">"), "<***>") << one.secret;
}

TEST(Redactor, hides_the_whole_of_a_base64_value_wherever_in_it_the_secret_begins) {
  for (const std::string secret : {"hunter2!", "pä:ss?", "a+b%c/d", "abc", "?>?>?>?>"}) {
    const Redactor redactor = redactor_of(secret);
    for (const std::string& inside : {secret, percent_encode(secret)}) {
      for (const char* before : {"", "u", "us", "user:", "integration@acme:"}) {
        for (const char* after : {"", "x", ":tail"}) {
          const std::string base64 = base64_encode(before + inside + after);
          if (secret.size() < 4 && std::string_view(before).size() % 3 != 0) continue;
          std::string url_safe = base64.substr(0, base64.find('='));
          for (char& c : url_safe)
            c = c == '+' ? '-' : c == '/' ? '_' : c;
          std::string wrapped = base64;
          wrapped.insert(wrapped.size() / 2, "\r\n");
          for (const std::string& written :
               {base64, url_safe, percent_encode(base64), percent_encode(percent_encode(base64))})
            EXPECT_EQ(redactor.redact("Basic " + written + " is wrong"), "Basic *** is wrong")
                << written << " of " << before << inside << after;
          EXPECT_EQ(redactor.redact("\"" + wrapped + "\""), "\"***\"");
        }
      }
    }
  }
}

TEST(Redactor, leaves_what_is_no_secret) {
  Redactor redactor = redactor_of("hunter2!");
  redactor.add("tok3n\xC3\xA9");
  for (const char* text : {"", "nothing here", "hunter", "unter2!", "50% off & more \\o/ \n",
                           "%zz &bogus; &#; &#x; \\q", "aHVudGVy", "a\nb", "%", "&", "\\"})
    EXPECT_EQ(redactor.redact(text), text);
  EXPECT_EQ(redactor.redact("at hunter2!\nnext line"), "at ***\nnext line");
  EXPECT_EQ(Redactor().redact("anything"), "anything");
}

TEST(Redactor, hides_a_very_short_value_only_where_it_is_a_word) {
  const Redactor redactor = redactor_of("a1b");
  EXPECT_EQ(redactor.redact("pin=a1b&x=1, not xa1b nor a1bc, but a1b"),
            "pin=***&x=1, not xa1b nor a1bc, but ***");
  EXPECT_EQ(redactor.redact("<pin>&#97;1b</pin>"), "<pin>***</pin>");
}

TEST(Redactor, knows_several_values_and_finds_them_side_by_side_and_over_one_another) {
  Redactor redactor;
  redactor.add("secret");
  redactor.add("secretary");
  redactor.add("target");
  EXPECT_EQ(redactor.redact("secretary, secret, secretarget, secretsecret, target."),
            "***, ***, ***, ***, ***.");
}

TEST(Redactor, finds_a_value_anywhere_in_a_large_text) {
  const Redactor redactor = redactor_of("needle-in-hay");
  const std::string hay(300'000, 'h');
  for (std::size_t at = 250'000; at < 270'000; at += 997) {
    std::string text = hay;
    text.insert(at, " needle%2Din%2Dhay ");
    const std::string masked = redactor.redact(text);
    EXPECT_EQ(masked.size(), hay.size() + 5) << at;
    EXPECT_THAT(masked.substr(at, 5), " *** ");
  }
}

/// Texts that are the worst for one step or another: eight times the text may take about eight
/// times as long, never sixty-four.
TEST(Redactor, takes_time_in_proportion_to_the_text) {
  Redactor redactor;
  redactor.add(std::string(500, 'a') + "b");
  redactor.add("aaaaaaab");
  redactor.add("hunter2!");
  const auto repeated = [](std::string_view piece, std::size_t size) {
    std::string out;
    while (out.size() < size)
      out += piece;
    return out;
  };
  const auto time = [&](const std::string& text) {
    std::clock_t best = std::numeric_limits<std::clock_t>::max();  // of the CPU: others may be busy
    for (int round = 0; round < 3; ++round) {
      const std::clock_t begin = std::clock();
      (void)redactor.redact(text);
      best = std::min(best, std::clock() - begin);
    }
    return static_cast<double>(best) / CLOCKS_PER_SEC;
  };
  for (const char* piece : {"a", "aaaaaaab", "%25", "&#0", "&#39", "&amp;", "\\", "\\u00", "\r \r ",
                            "\n ", "aHVudGVyMiE", "hunter2!", "&", "%2525", "+/"}) {
    const double small = time(repeated(piece, 50'000)), large = time(repeated(piece, 400'000));
    EXPECT_LT(large, small * 24 + 0.05) << piece;
  }
}

}  // namespace
}  // namespace penstock
