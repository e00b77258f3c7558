// The driver that the other tests stand on: what it fills in, what it refuses, what it shows.
#include <filesystem>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vector_file.hpp"

namespace penstock::tests {
namespace {

using testing::Given;
using ::testing::HasSubstr;
using testing::PluginDriver;

Given workday() {
  return {.connection = {{"domain", "wd5-impl-services1.workday.com"},
                         {"tenant", "acme"},
                         {"username", "ISU"},
                         {"password", "secret"}},
          .options = {{"service_name", "Staffing"}},
          .call = {.api = "soap", .method = "POST", .body = "<wd:x/>"}};
}

/// The reason with which `function` throws; empty where it does not.
template <class Function>
std::string reason_of(Function&& function) {
  try {
    function();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(Driver, SaysWhatIsWrongWithATest) {
  const PluginDriver& plugin = driver("workday_soap");
  Given other_api = workday();
  other_api.call.api = "rest";
  EXPECT_THAT(reason_of([&] { (void)plugin.prepare(other_api); }), HasSubstr("no API \"rest\""));

  Given unknown_field = workday();
  unknown_field.connection.emplace_back("pasword", "x");
  EXPECT_THAT(reason_of([&] { (void)plugin.prepare(unknown_field); }), HasSubstr("/pasword"));

  Given line_end = workday();
  line_end.connection.back().second = "a\r\nX-Evil: 1";
  const std::string refused = reason_of([&] { (void)plugin.prepare(line_end); });
  EXPECT_THAT(refused, HasSubstr("/password"));
  EXPECT_THAT(refused, ::testing::Not(HasSubstr("X-Evil"))) << "a secret is not shown";

  Given no_service = workday();
  no_service.options.clear();
  EXPECT_THAT(reason_of([&] { (void)plugin.prepare(no_service); }), HasSubstr("service_name"));
}

TEST(Driver, SaysWhyAFileIsNoPlugin) {
  EXPECT_THAT(reason_of([] { PluginDriver("/nowhere/acme.so"); }), HasSubstr("/nowhere/acme.so"));
  EXPECT_NE(reason_of([] { PluginDriver(PENSTOCK_SOURCE_DIR "/plugins/hibob/manifest.json"); }),
            "");
}

TEST(Driver, FillsDefaultsAndKeepsWhatIsGiven) {
  const auto built = driver("workday_soap").prepare(workday());
  ASSERT_EQ(built.verdict, PST_OK) << built.failure.message;
  EXPECT_THAT(built.url, ::testing::EndsWith("/Staffing/v38.2"));
  EXPECT_EQ(built.method, "POST");
  EXPECT_EQ(built.header("SOAPACTION"), "\"\"") << "names are found in any case";
  EXPECT_EQ(built.header("soap"), "");
  EXPECT_THAT(built.body.value_or(""), HasSubstr("<soapenv:Body><wd:x/></soapenv:Body>"));
}

TEST(Driver, KnowsWhichFunctionsAPluginHas) {
  EXPECT_TRUE(driver("workday_rest").has_session());
  EXPECT_FALSE(driver("workday_rest").has_inspect());
  EXPECT_TRUE(driver("nmbrs").has_inspect());
  EXPECT_FALSE(driver("nmbrs").has_session());
  EXPECT_THAT(driver("hibob").apis(), ::testing::UnorderedElementsAre("v1", "hire", "docs"));
}

TEST(Driver, NamesVerdictsAndFailuresAsVectorsDo) {
  EXPECT_EQ(testing::verdict_name(PST_NEED_SESSION), "need_session");
  EXPECT_EQ(testing::verdict_name(PST_PASS), "pass");
  EXPECT_EQ(testing::verdict_name(PST_FAILED), "failed");
  EXPECT_EQ(testing::verdict_name(99), "failed");
  EXPECT_EQ(testing::failure_name(PST_E_INTERNAL), "internal");
  EXPECT_EQ(testing::failure_name(PST_E_CONSENT_REVOKED), "consent_revoked");
  EXPECT_EQ(testing::failure_name(PST_E_BAD_REQUEST), "bad_request");
  EXPECT_EQ(testing::failure_name(0), "unknown");
}

}  // namespace
}  // namespace penstock::tests
