// A plugin that crashes takes the process with it, but not without a word.
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <penstock/crash_report.hpp>
#include <penstock/sdk/testing.hpp>

namespace penstock::tests {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // the sanitizer gets the signal next, and ends the process
#else
constexpr bool sanitized = false;
#endif

testing::PluginDriver driver(const std::string& name) {
  return testing::PluginDriver(PENSTOCK_BINARY_DIR "/tests/abi/plugins/" + name + ".so");
}

testing::Given given(const std::string& where, const std::string& how) {
  return {.connection = {{"where", where}, {"how", how}}, .call = {.api = "v1"}};
}

void run(const std::string& where, const std::string& how) {
  report_plugin_crashes();
  const testing::PluginDriver plugin = driver("crash");
  // On a thread of its own, as an engine's loop is.
  std::thread([&] {
    if (where == "prepare") (void)plugin.prepare(given(where, how));
    if (where == "session") (void)plugin.session(PST_EV_START, given(where, how));
    if (where == "inspect") (void)plugin.inspect(given(where, how), {});
  }).join();
}

struct Crash {
  const char *where, *how, *name;
  int signal;
};

void PrintTo(const Crash& crash, std::ostream* out) { *out << crash.where << " " << crash.how; }

class Crashes : public ::testing::TestWithParam<Crash> {};

TEST_P(Crashes, AreToldBeforeTheProcessEnds) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto [where, how, name, signal] = GetParam();
  const std::string line = std::string("\"level\":\"error\",\"event\":\"plugin_crashed\","
                                       "\"message\":\"plugin crash 1.0.0 crashed in ") +
                           where + " of API v1: " + name +
                           "\",\"plugin\":\"crash 1.0.0\",\"api\":\"v1\",\"function\":\"" + where +
                           "\",\"signal\":\"" + name + "\"";
  if (sanitized) {
    EXPECT_DEATH(run(where, how), line);
  } else {
    EXPECT_EXIT(run(where, how), ::testing::KilledBySignal(signal), line);
  }
}

INSTANTIATE_TEST_SUITE_P(, Crashes,
                         ::testing::Values(Crash{"prepare", "segv", "SIGSEGV", SIGSEGV},
                                           Crash{"prepare", "overflow", "SIGSEGV", SIGSEGV},
                                           Crash{"prepare", "abort", "SIGABRT", SIGABRT},
                                           Crash{"prepare", "ill", "SIGILL", SIGILL},
                                           Crash{"prepare", "fpe", "SIGFPE", SIGFPE},
                                           Crash{"prepare", "bus", "SIGBUS", SIGBUS},
                                           Crash{"session", "segv", "SIGSEGV", SIGSEGV},
                                           Crash{"inspect", "overflow", "SIGSEGV", SIGSEGV}),
                         [](const auto& row) {
                           return std::string(row.param.where) + "_" + row.param.how;
                         });

TEST(CrashReport, NamesAPluginThatCrashesAsItIsLoaded) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        report_plugin_crashes();
        (void)driver("crash_at_load");
      },
      "plugin crash_at_load 1.0.0 crashed in its constructors: SIGABRT");
}

TEST(CrashReport, SaysNothingOfACrashElsewhere) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  if (sanitized) GTEST_SKIP() << "the sanitizer says something";
  EXPECT_EXIT(
      {
        report_plugin_crashes();
        const testing::PluginDriver plugin = driver("crash");
        (void)plugin.prepare(given("session", "segv"));
        raise(SIGSEGV);
      },
      ::testing::KilledBySignal(SIGSEGV), "^$");
}

void own_handler(int) { std::_Exit(7); }

/// Whoever was there before gets the signal afterwards.
TEST(CrashReport, LeavesTheHandlerThatWasThere) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, own_handler);
        run("prepare", "segv");
      },
      ::testing::ExitedWithCode(7), "crashed in prepare of API v1: SIGSEGV");
}

TEST(CrashReport, IsOnlyForThoseWhoAskForIt) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  if (sanitized) GTEST_SKIP() << "the sanitizer says something";
  EXPECT_EXIT(
      {
        const testing::PluginDriver plugin = driver("crash");
        (void)plugin.prepare(given("prepare", "abort"));
      },
      ::testing::KilledBySignal(SIGABRT), "^$");
}

}  // namespace
}  // namespace penstock::tests
