#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <penstock/digest.hpp>
#include <penstock/hex.hpp>
#include <penstock/text.hpp>

namespace penstock {
namespace {

TEST(Base64, encodes_and_decodes_the_vectors_of_rfc_4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, decodes_every_byte_that_it_encodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes) << i;
  }
}

TEST(Base64, refuses_what_is_not_base64) {
  for (const char* text : {"Z",
                           "Zg",
                           "Zg=",
                           "Zg==Zg==",
                           "Zm9*",
                           "Zm9v\n",
                           "====",
                           "Z===",
                           "=m9v",
                           "Zg=v",
                           "Z=g=",
                           "Zm9v    ",
                           "    Zm9v",
                           "Zm9v\r\n\r\n",
                           "Zm 9v===",
                           "Zm9v\n\n\n\n",
                           "Zm9vZm9-",
                           "Zm9v----",
                           "Zm9_",
                           "Z\x80"
                           "9v"}) {
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zm\0v", 4)).has_value());
}

TEST(Hex, knows_the_digits_of_both_cases) {
  for (int c = -128; c < 128; ++c) {
    const auto at = std::string_view("0123456789abcdefABCDEF").find(static_cast<char>(c));
    const int expected =
        at == std::string_view::npos ? -1 : static_cast<int>(at < 16 ? at : at - 6);
    EXPECT_EQ(hex_value(static_cast<char>(c)), expected) << c;
  }
  EXPECT_EQ(to_hex(std::string_view("\x00\x7F\x80\xFF", 4)), "007f80ff");
  EXPECT_EQ(to_hex(""), "");
  std::string out = "%";
  append_hex(out, '\xAB', upper_hex_digits);
  EXPECT_EQ(out, "%AB");
}

TEST(Sha256, agrees_with_the_vectors_of_nist) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
  for (const auto& [text, digest] : cases)
    EXPECT_EQ(to_hex(sha256(text)), digest);
}

}  // namespace
}  // namespace penstock
