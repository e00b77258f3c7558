// The border between host and plugin: what is pinned of it, and that plugins from before and after
// this host's minor, and such as were built wrongly, are met as plugin_abi.h says.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <penstock/sdk/testing.hpp>

#include "loader/plugin.hpp"

extern "C" int penstock_layout_holds(void);

namespace penstock::tests {
namespace {

using ::testing::HasSubstr;

std::filesystem::path file_of(const std::string& plugin) {
  return PENSTOCK_BINARY_DIR "/tests/abi/plugins/" + plugin + ".so";
}

/// A plugin of another minor.
std::filesystem::path compat_file(const std::string& plugin) {
  return PENSTOCK_BINARY_DIR "/tests/abi/compat/" + plugin + ".so";
}

/// Why the plugin is not loaded; empty: it is.
std::vector<std::string> refusal(const std::filesystem::path& path) {
  const auto file = loader::read_plugin_file(path, loader::Pinned::no);
  if (!file) return {file.error()};
  const auto loaded = loader::Plugin::load(*file);
  return loaded ? std::vector<std::string>() : loaded.error().reasons;
}

/// The header without comments and white space: what compilers see of it.
std::string code_of(const std::string& path) {
  std::ifstream stream(path);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "/*") == 0) {
      i = text.find("*/", i) + 1;
    } else if (std::string_view(" \n\t").find(text[i]) == std::string_view::npos) {
      out += text[i];
    }
  }
  return out;
}

std::string sha256_hex(const std::string& text) {
  unsigned char digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string out;
  for (const unsigned char byte : digest) {
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 15U];
  }
  return out;
}

std::string fossil(int minor) {
  return PENSTOCK_SOURCE_DIR "/tests/abi/fossil/plugin_abi_1_" + std::to_string(minor) + ".h";
}

/// The header of each released ABI is kept, and never edited.
TEST(AbiHeader, OfAReleaseNeverChanges) {
  EXPECT_EQ(sha256_hex(code_of(fossil(0))),
            "f0685b5e595dcd1598e3f362e60e5b804e7bd3f3b7a2ae21590bcab64649c065");
}

/// Whoever changes the header comes by here. layout.c tells whether it is a change that old plugins
/// withstand; then PST_ABI_MINOR rises, and the new header becomes the next fossil, with a plugin.
TEST(AbiHeader, IsThatOfItsMinor) {
  EXPECT_EQ(code_of(PENSTOCK_SOURCE_DIR "/sdk/include/penstock/sdk/plugin_abi.h"),
            code_of(fossil(PST_ABI_MINOR)));
}

TEST(AbiHeader, HasTheLayoutThatCPins) { EXPECT_EQ(penstock_layout_holds(), 1); }

TEST(AbiCompatibility, APluginOfTheFirstDaysIsLoadedAndCalled) {
  ASSERT_THAT(refusal(compat_file("compat_short")), ::testing::IsEmpty());
  const testing::PluginDriver plugin(compat_file("compat_short"));
  EXPECT_FALSE(plugin.has_session());
  EXPECT_FALSE(plugin.has_inspect());
  const auto built = plugin.prepare({.call = {.api = "v1", .method = "PATCH"}});
  ASSERT_EQ(built.verdict, PST_OK) << built.failure.message;
  EXPECT_EQ(built.header("X-Compat"), "PATCH");
}

TEST(AbiCompatibility, APluginOfALaterMinorThatDoesWithLessIsLoadedAndReadsNothingForeign) {
  ASSERT_THAT(refusal(compat_file("compat_long")), ::testing::IsEmpty());
  const auto built =
      testing::PluginDriver(compat_file("compat_long")).prepare({.call = {.api = "v1"}});
  ASSERT_EQ(built.verdict, PST_OK) << built.failure.message;
  EXPECT_EQ(built.header("X-Told"), "no");
  EXPECT_EQ(built.header("X-Found"), "nothing");
}

struct Refused {
  const char *plugin, *reason;
};

TEST(AbiRefusals, EachSaysWhatIsWrong) {
  const Refused rows[] = {
      {"newer", "it needs plugin ABI 1.7, but this host supports 1.0"},
      {"newer_and_says_so", "it needs plugin ABI 1.7, but this host supports 1.0"},
      {"other_major", "it is built for plugin ABI 2, but this host supports 1"},
      {"other_major_inside", "its entry is for plugin ABI 2, but this host supports 1.0"},
      {"other_manifest", "its entry's manifest differs from its manifest section"},
      {"create_fails", "its create() failed: it failed without a reason"},
      {"no_entry", "it exports no pst_plugin_v1"},
      {"claims_more", "its entry is malformed"},
      {"claims_less", "its entry is malformed"},
      {"entry_is_function", "its pst_plugin_v1 is not a pst_plugin"},
      {"exports_helper",
       "it exports more than its entry point: helper; build it with penstock_add_plugin()"},
      {"undefined_symbol",
       "it cannot be loaded: undefined_symbol.so: undefined symbol: not_in_any_library"},
      {"has_thread_local", "it has thread_local variables"},
      {"no_prepare", "its entry lacks create or prepare"},
      {"inspect_missing", "declares \"inspect\" (v1), but its entry has no function inspect"},
      {"inspect_undeclared", "has a function inspect, but no API of its manifest declares"},
      {"session_missing", "declares \"session\" (v1), but its entry has no function session"},
      {"session_undeclared", "has a function session, but no API of its manifest declares"},
      {"entry_is_resolved", "its pst_plugin_v1 is not a pst_plugin"},  // its resolver would run
  };
  for (const Refused& row : rows) {
    if (!std::filesystem::exists(file_of(row.plugin))) continue;  // not with every compiler
    EXPECT_THAT(refusal(file_of(row.plugin)), ::testing::ElementsAre(HasSubstr(row.reason)))
        << row.plugin;
  }
  for (const char* plugin : {"fine", "inspect_fine", "session_fine"})
    EXPECT_THAT(refusal(file_of(plugin)), ::testing::IsEmpty()) << plugin;
}

TEST(AbiRefusals, APluginThatSharesItsStateIsNamedWithTheSymbol) {
  if (!std::filesystem::exists(file_of("shares_state")))
    GTEST_SKIP() << "this compiler makes no GNU-unique symbols";
  const auto reasons = refusal(file_of("shares_state"));
  EXPECT_THAT(reasons, ::testing::Contains(::testing::AllOf(
                           HasSubstr("GNU-unique symbols: _ZZN6MemoryIiE4lastEvE4text"),
                           HasSubstr("-fno-gnu-unique"))));
}

/// A number of a descriptor is used again: the second file must not be answered with the first.
TEST(AbiLoading, EachFileGetsItsOwnCode) {
  for (int round = 0; round < 20; ++round) {
    const testing::PluginDriver first(compat_file("compat_short")),
        second(compat_file("compat_long"));
    EXPECT_NE(first.prepare({.call = {.api = "v1"}}).header("X-Compat"), "") << round;
    EXPECT_EQ(second.prepare({.call = {.api = "v1"}}).header("X-Told"), "no") << round;
  }
}

TEST(AbiLoading, LeavesNoDescriptorAndNoFileBehind) {
  const auto entries = [](const std::string& folder) {
    return std::distance(std::filesystem::directory_iterator(folder),
                         std::filesystem::directory_iterator());
  };
  // A folder of its own: others use /tmp at the same time.
  std::string folder = (std::filesystem::temp_directory_path() / "penstock-abi-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  ::setenv("TMPDIR", folder.c_str(), 1);
  (void)refusal(file_of("fine"));
  const auto descriptors = entries("/proc/self/fd");
  for (int round = 0; round < 20; ++round)
    EXPECT_THAT(refusal(file_of("fine")), ::testing::IsEmpty());
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_EQ(entries(folder), 0);
  ::unsetenv("TMPDIR");
  std::filesystem::remove(folder);
}

/// What profilers, sanitizers and debuggers read.
TEST(AbiLoading, MapsShowThePluginsName) {
  const testing::PluginDriver plugin(compat_file("compat_short"));
  std::ifstream stream("/proc/self/maps");
  const std::string maps(std::istreambuf_iterator<char>(stream), {});
  EXPECT_THAT(maps, HasSubstr("/memfd:penstock:compat_short.so"));
}

}  // namespace
}  // namespace penstock::tests
