// An instance is immutable: eight threads build what one builds.
#include <cstddef>
#include <latch>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vector_file.hpp"

namespace penstock::tests {
namespace {

using testing::Built;
using testing::Given;

constexpr std::size_t threads = 8, calls_per_thread = 250;

/// What prepare() is given in the plugin's vectors.
std::vector<Given> prepare_vectors(const std::string& plugin) {
  std::vector<Given> out;
  for (const Vector& vector : all_vectors()) {
    if (vector.plugin != plugin || vector.entry == nullptr) continue;
    if (vector.entry->HasMember("steps") || vector.entry->HasMember("response")) continue;
    out.push_back(read_given((*vector.entry)["given"]));
  }
  return out;
}

bool same(const Built& a, const Built& b) {
  return a.verdict == b.verdict && a.failure.message == b.failure.message && a.url == b.url &&
         a.headers == b.headers && a.query == b.query && a.body == b.body;
}

class Threads : public ::testing::TestWithParam<std::string> {};

TEST_P(Threads, BuildWhatOneThreadBuilds) {
  const testing::PluginDriver& plugin = driver(GetParam());
  const std::vector<Given> given = prepare_vectors(GetParam());
  ASSERT_FALSE(given.empty());
  std::vector<Built> alone;
  for (const Given& one : given)
    alone.push_back(plugin.prepare(one));

  std::vector<std::size_t> differing(threads, 0);
  {
    std::latch start(threads);
    std::vector<std::jthread> running;
    for (std::size_t t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        start.arrive_and_wait();
        for (std::size_t i = 0; i < calls_per_thread; ++i) {
          // Each begins elsewhere, so that different calls overlap.
          const std::size_t which = (i + t) % given.size();
          if (!same(plugin.prepare(given[which]), alone[which])) ++differing[t];
        }
      });
    }
  }
  EXPECT_THAT(differing, ::testing::Each(0U));
}

INSTANTIATE_TEST_SUITE_P(, Threads, ::testing::ValuesIn(all_plugins()),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace penstock::tests
