// What each built plugin is as a file: nothing but its entry to see, nothing that two plugins could
// share.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <penstock/sdk/plugin_abi.h>

#include "loader/elf.hpp"
#include "vector_file.hpp"

namespace penstock::tests {
namespace {

std::string path_of(const std::string& plugin) { return library_folder() / (plugin + ".so"); }

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// readelf is a second opinion: not our own reader of ELF.
std::string readelf(const std::string& arguments, const std::string& file) {
  FILE* pipe = popen(("readelf -W " + arguments + " '" + file + "' 2>&1").c_str(), "r");
  std::string out;
  for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
    out += static_cast<char>(c);
  if (pipe != nullptr) pclose(pipe);
  return out;
}

class Files : public ::testing::TestWithParam<std::string> {};

TEST_P(Files, ExportExactlyTheEntry) {
  const std::string bytes = bytes_of(path_of(GetParam()));
  const auto image = loader::read_elf(bytes);
  ASSERT_TRUE(image) << image.error();
  ASSERT_EQ(image->exports.size(), 1U);
  EXPECT_EQ(image->exports.front().name, PST_ENTRY);
  EXPECT_TRUE(image->exports.front().is_object);
  EXPECT_EQ(image->exports.front().size, sizeof(pst_plugin));

  std::istringstream symbols(readelf("--dyn-syms", path_of(GetParam())));
  std::vector<std::string> defined;
  for (std::string line; std::getline(symbols, line);) {
    const bool is_symbol = line.find(" OBJECT ") != line.npos || line.find(" FUNC ") != line.npos;
    if (is_symbol && line.find(" UND ") == line.npos) defined.push_back(line);
  }
  ASSERT_EQ(defined.size(), 1U);
  EXPECT_TRUE(defined.front().ends_with(PST_ENTRY)) << defined.front();
}

TEST_P(Files, CarryTheManifestThatTheEntryShows) {
  const std::string bytes = bytes_of(path_of(GetParam()));
  const auto image = loader::read_elf(bytes);
  ASSERT_TRUE(image) << image.error();
  ASSERT_TRUE(image->manifest);
  EXPECT_EQ(*image->manifest, bytes_of(source_folder() / GetParam() / "manifest.json"));

  void* library = dlopen(path_of(GetParam()).c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto* entry = static_cast<const pst_plugin*>(dlsym(library, PST_ENTRY));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(std::string_view(entry->manifest.ptr, entry->manifest.len), *image->manifest);
  EXPECT_EQ(entry->struct_size, sizeof(pst_plugin));
  EXPECT_EQ(entry->abi_major, PST_ABI_MAJOR);
  EXPECT_EQ(entry->abi_minor, 0) << "a plugin must run on every 1.x host";
  dlclose(library);
}

TEST_P(Files, ShareNoStateWithAnotherPlugin) {
  const std::string symbols = readelf("--syms --dyn-syms", path_of(GetParam()));
  ASSERT_NE(symbols.find(PST_ENTRY), symbols.npos) << symbols;
  EXPECT_EQ(symbols.find(" UNIQUE "), symbols.npos);
  EXPECT_EQ(symbols.find(" TLS "), symbols.npos);
}

TEST_P(Files, AreHardened) {
  const std::string bytes = bytes_of(path_of(GetParam()));
  const auto image = loader::read_elf(bytes);
  ASSERT_TRUE(image) << image.error();
  EXPECT_FALSE(image->has_run_path);
  EXPECT_FALSE(image->has_text_relocations);
  EXPECT_FALSE(image->has_thread_locals);
  EXPECT_FALSE(image->has_executable_stack);
  EXPECT_FALSE(image->has_writable_code);
  const std::string segments = readelf("-l -d", path_of(GetParam()));
  EXPECT_NE(segments.find("GNU_RELRO"), segments.npos);
  EXPECT_NE(segments.find("NOW"), segments.npos);
}

/// No clock, file, socket, environment, thread or locale: what a plugin must not use it must not
/// import.
TEST_P(Files, ImportNothingThatDoesInputOrOutput) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's run time imports these itself";
#endif
  std::istringstream symbols(readelf("--dyn-syms", path_of(GetParam())));
  const std::vector<std::string> foul = {
      "open",   "fopen",  "read",    "write",  "socket", "connect",  "getenv",
      "time",   "clock",  "gettime", "random", "rand",   "pthread_", "exit",
      "locale", "getpid", "fork",    "system", "dlopen", "signal",   "printf"};
  std::size_t imports = 0;
  for (std::string line; std::getline(symbols, line);) {
    const std::size_t undefined = line.find(" UND ");
    if (undefined == line.npos || undefined + 5 >= line.size()) continue;
    std::string name = line.substr(undefined + 5);
    name = name.substr(0, name.find_first_of("@ ("));
    ++imports;
    for (const std::string& word : foul)
      EXPECT_FALSE(name.starts_with(word)) << name;
    EXPECT_EQ(name.find("locale"), name.npos) << name;
    EXPECT_EQ(name.find("basic_ostream"), name.npos) << name;
    EXPECT_EQ(name.find("chrono"), name.npos) << name;
  }
  EXPECT_GT(imports, 0U);
}

INSTANTIATE_TEST_SUITE_P(, Files, ::testing::ValuesIn(all_plugins()),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace penstock::tests
