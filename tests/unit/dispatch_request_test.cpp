#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dispatch/request.hpp"

namespace penstock::dispatch {
namespace {

TEST(Compose, gives_way_to_the_caller_where_the_plugin_does_not_own_the_header) {
  catalog::Api api;
  api.owned_headers = {"authorization", "x-key"};
  Draft draft;
  draft.api = &api;
  draft.headers = {{"accept", "text/csv"}, {"X-KEY", "the caller's"}, {"X-Other", "1"}};
  host::Outcome outcome;
  outcome.headers = {{"Authorization", "Basic x"},
                     {"Accept", "application/json"},
                     {"X-Key", "the plugin's"},
                     {"X-Version", "2"}};
  const auto request = compose(draft, {}, std::move(outcome));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_THAT(request->headers,
              ::testing::UnorderedElementsAre(
                  Field{"accept", "text/csv"}, Field{"X-Other", "1"},
                  Field{"Authorization", "Basic x"}, Field{"X-Key", "the plugin's"},
                  Field{"X-Version", "2"}, Field{"User-Agent", "Penstock/0.1"}));
}

}  // namespace
}  // namespace penstock::dispatch
