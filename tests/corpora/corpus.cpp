#include "corpus.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>

namespace penstock::corpora {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t mib = 1U << 20U;

#if defined(__SANITIZE_THREAD__)
constexpr std::chrono::milliseconds patience{30'000};
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::chrono::milliseconds patience{10'000};
#else
constexpr std::chrono::milliseconds patience{3'000};  // on a busy machine; what hangs takes minutes
#endif

std::chrono::milliseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::milliseconds(now.tv_sec * 1000 + now.tv_nsec / 1'000'000);
}

}  // namespace

fs::path testdata(std::string_view set) {
  return fs::path(PENSTOCK_SHARED_DIR) / "testdata" / fs::path(set);
}

fs::path vendor_specs() { return fs::path(PENSTOCK_SHARED_DIR) / "vendor-specs"; }

fs::path seeds(std::string_view name) {
  return fs::path(PENSTOCK_SOURCE_DIR) / "tests/corpora/seeds" / fs::path(name);
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<Sample> files(const fs::path& folder) {
  std::vector<Sample> out;
  if (!fs::exists(folder)) return out;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      out.push_back({entry.path().lexically_relative(folder).string(), read_file(entry.path())});
  }
  std::ranges::sort(out, {}, &Sample::name);
  return out;
}

std::vector<Sample> files(const std::vector<fs::path>& folders) {
  std::vector<Sample> out;
  for (const fs::path& folder : folders)
    std::ranges::move(files(folder), std::back_inserter(out));
  return out;
}

std::vector<std::string> lines(const fs::path& file) {
  std::vector<std::string> out;
  std::ifstream stream(file, std::ios::binary);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) out.push_back(std::move(line));
  }
  return out;
}

std::vector<Block> blocks(const fs::path& markdown) {
  std::vector<Block> out;
  std::ifstream stream(markdown, std::ios::binary);
  Block next;
  std::string fence;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const std::string_view text = std::string_view(line).substr(indent);
    if (!fence.empty()) {
      if (line == fence) {
        out.push_back(next);
        next.text.clear();
        next.language.clear();
        next.meta.clear();
        fence.clear();
      } else {
        const std::size_t cut = std::min(indent, fence.find('`'));
        next.text += line.substr(cut) + "\n";
      }
    } else if (text.starts_with("```")) {
      fence = line.substr(0, indent + 3);
      next.language = text.substr(3);
    } else if (text.starts_with("#")) {
      next.heading = text.substr(std::min(text.find_first_not_of("# "), text.size()));
    } else if (text.starts_with("<!-- meta=")) {
      next.meta = text.substr(10, text.rfind("-->") - 10);
    }
  }
  return out;
}

int Tally::operator[](const std::string& what) const {
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

Tally::~Tally() {
  std::cout << "[  CORPUS  ] " << title_ << ":";
  const char* separator = " ";
  for (const auto& [what, count] : counts_) {
    std::cout << separator << what << ' ' << count;
    separator = ", ";
    std::string key = what;
    std::ranges::replace(key, ' ', '_');
    ::testing::Test::RecordProperty(key, count);
  }
  std::cout << std::endl;
}

Stopwatch::Stopwatch(std::string name, std::size_t bytes)
    : name_(std::move(name)), limit_(patience * std::max<std::size_t>(1, (bytes + mib - 1) / mib)),
      spent_before_(processor_time()) {}

Stopwatch::~Stopwatch() {
  const auto spent = processor_time() - spent_before_;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began_);
  if (spent > limit_ || took > 10 * limit_) {
    ADD_FAILURE() << name_ << " took " << took.count() << " ms, of them " << spent.count()
                  << " ms of this process";
  }
}

}  // namespace penstock::corpora
