#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace penstock::corpora {

/// One case of a set: a file, a line, a block.
struct Sample {
  std::string name;
  std::string bytes;
};

/// A fenced block of a Markdown file, with what stood before it.
struct Block {
  std::string heading;
  std::string meta;      ///< of llhttp: {"type": "request"}
  std::string language;  ///< "http", "ps1", …
  std::string text;      ///< with its last line end
};

/// A set of ../shared/testdata: public sets that are kept beside the repository, not in it.
std::filesystem::path testdata(std::string_view set);
std::filesystem::path vendor_specs();

/// A file or folder of this folder's seeds, which are always there.
std::filesystem::path seeds(std::string_view name);

std::string read_file(const std::filesystem::path& file);

/// Every file below `folder`, by name; `name` is relative to it. None where there is no such
/// folder.
std::vector<Sample> files(const std::filesystem::path& folder);

/// The files of all folders, one folder after the other.
std::vector<Sample> files(const std::vector<std::filesystem::path>& folders);

/// Every line that is not empty, without its line end. Bytes are kept as they are.
std::vector<std::string> lines(const std::filesystem::path& file);

std::vector<Block> blocks(const std::filesystem::path& markdown);

/// What a test did with its set, said at its end on stdout and as properties of the report.
class Tally {
 public:
  explicit Tally(std::string title) : title_(std::move(title)) {}
  ~Tally();
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void ran() { ++counts_["cases"]; }
  void accepted() { ++counts_["accepted"]; }
  void refused() { ++counts_["refused"]; }
  void note(const std::string& what, int times = 1) { counts_[what] += times; }
  int operator[](const std::string& what) const;

 private:
  std::string title_;
  std::map<std::string, int> counts_;
};

/// Around one case: fails the test where it costs this process more than 1 s, or 1 s for each MiB,
/// of processor time (on a busy machine a clock on the wall says little), or ten times that of
/// anybody's.
class Stopwatch {
 public:
  Stopwatch(std::string name, std::size_t bytes);
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  std::string name_;
  std::chrono::milliseconds limit_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::milliseconds spent_before_;
};

}  // namespace penstock::corpora

#define SKIP_WITHOUT(path)                                                                         \
  if (!std::filesystem::exists(path))                                                              \
  GTEST_SKIP() << (path).string() << " is not there: this set of others' test data is kept beside" \
               << " the repository"
