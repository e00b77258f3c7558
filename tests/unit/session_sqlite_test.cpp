// One state folder and several users of it: engines of one process, and processes of one machine,
// some of which are stopped or killed.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <penstock/credential_store.hpp>

#include "session/process_lock.hpp"

namespace penstock {
namespace {

using namespace std::chrono_literals;

class SharedFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder); }
  void TearDown() override {
    for (const pid_t child : children) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
    std::filesystem::remove_all(folder);
  }

  std::unique_ptr<CredentialStore> open() const {
    auto store = open_sqlite_store(folder);
    if (!store) throw std::runtime_error(store.error().message);
    return *std::move(store);
  }

  /// Runs `life` in a process of its own; returns once that has called its `ready`.
  pid_t process(const std::function<void(const std::function<void()>& ready)>& life) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe[0]);
      try {
        life([&] { (void)!::write(pipe[1], "!", 1); });
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(pipe[1]);
    char ready = 0;
    EXPECT_EQ(::read(pipe[0], &ready, 1), 1) << "the process ended before it was ready";
    ::close(pipe[0]);
    children.push_back(child);
    return child;
  }

  pid_t holder(const std::string& key) {
    return process([&](const auto& ready) {
      const auto store = open();
      if (!*store->lease(key)) throw std::runtime_error("no lease");
      ready();
      ::pause();
    });
  }

  static bool ends_well(pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("penstock-shared-" + std::to_string(::getpid()));
  std::vector<pid_t> children;
};

TEST_F(SharedFolder, gives_a_lease_to_one_engine_of_a_process_and_shows_it_what_is_stored) {
  const auto first = open(), second = open();
  const auto lease = *first->lease("l");
  ASSERT_TRUE(lease);
  EXPECT_FALSE(lease->state);
  EXPECT_FALSE(*second->lease("l"));
  EXPECT_TRUE(*second->lease("another"));
  StoredState state;
  state.session_formats = {3};
  EXPECT_EQ(*first->save("l", state, lease->fence), 1U);
  EXPECT_EQ((*second->load("l"))->version, 1U);
  first->release("l", lease->fence);
  const auto next = *second->lease("l");
  ASSERT_TRUE(next);
  EXPECT_GT(next->fence, lease->fence);
  EXPECT_EQ(next->state->session_formats, std::vector{3});
  state.version = 1;
  EXPECT_FALSE(first->save("l", state, lease->fence)) << "the fence of an earlier lease";
  EXPECT_FALSE(*first->extend("l", lease->fence));
  EXPECT_TRUE(*second->extend("l", next->fence));
  EXPECT_EQ(*second->save("l", state, next->fence), 2U);
}

TEST_F(SharedFolder, frees_the_lease_of_a_store_that_is_closed) {
  const auto other = open();
  auto holder = open();
  ASSERT_TRUE(*holder->lease("c"));
  EXPECT_FALSE(*other->lease("c"));
  holder.reset();
  EXPECT_TRUE(*other->lease("c"));
}

TEST_F(SharedFolder, frees_the_lease_of_a_killed_process_at_once_and_waits_for_a_stopped_one) {
  // Forked first: SQLite's connections are not to be carried into a child.
  const pid_t killed = holder("k"), stopped = holder("s");
  const auto store = open();
  EXPECT_FALSE(*store->lease("k"));
  ::kill(stopped, SIGSTOP);
  ::kill(killed, SIGKILL);
  ::waitpid(killed, nullptr, 0);
  std::erase(children, killed);
  EXPECT_TRUE(*store->lease("k"));
  EXPECT_FALSE(*store->lease("s")) << "a stopped process may have the vendor's answer on its way";
  ::kill(stopped, SIGKILL);
  ::waitpid(stopped, nullptr, 0);
  std::erase(children, stopped);
  EXPECT_TRUE(*store->lease("s"));
}

TEST_F(SharedFolder, may_be_opened_by_many_processes_at_the_same_time_from_the_first_moment_on) {
  std::array<int, 2> start{};
  ASSERT_EQ(::pipe(start.data()), 0);
  std::vector<pid_t> openers;
  for (int i = 0; i < 8; ++i) {
    openers.push_back(process([&, i](const auto& ready) {
      ::close(start[1]);
      ready();
      char go = 0;
      (void)!::read(start[0], &go, 1);  // until the other end is closed
      const auto store = open();
      StoredState state;
      state.session = {{"who", Secret(std::to_string(i)), true}};
      const std::string own = "own-" + std::to_string(i);
      if (!store->save(own, state, 0)) throw std::runtime_error("not saved");
    }));
  }
  ::close(start[0]);
  ::close(start[1]);
  for (const pid_t opener : openers)
    EXPECT_TRUE(ends_well(opener));
  children.clear();
  const auto store = open();
  for (int i = 0; i < 8; ++i) {
    const auto state = store->load("own-" + std::to_string(i));
    ASSERT_TRUE(state && *state) << i << ": sealed with a key that another process replaced?";
    EXPECT_EQ((*state)->session.at(0).value.reveal(), std::to_string(i));
  }
}

TEST_F(SharedFolder, loses_no_write_of_processes_that_take_turns_by_the_lease) {
  constexpr int processes = 4, turns = 10;
  { const auto made = open(); }
  std::vector<pid_t> writers;
  for (int i = 0; i < processes; ++i) {
    writers.push_back(process([&](const auto& ready) {
      const auto store = open();
      ready();
      for (int turn = 0; turn < turns;) {
        const auto lease = store->lease("n");
        if (!lease || !*lease) {
          std::this_thread::sleep_for(1ms);
          continue;
        }
        StoredState state = (*lease)->state.value_or(StoredState{});
        state.renewal_began_ms += 1;
        if (!store->save("n", state, (*lease)->fence)) throw std::runtime_error("not saved");
        store->release("n", (*lease)->fence);
        ++turn;
      }
    }));
  }
  for (const pid_t writer : writers)
    EXPECT_TRUE(ends_well(writer));
  children.clear();
  const auto stored = *open()->load("n");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->renewal_began_ms, processes * turns);
  EXPECT_EQ(stored->version, static_cast<std::uint64_t>(processes * turns));
}

TEST_F(SharedFolder, is_shared_only_while_somebody_else_has_it_open) {
  const auto store = open();
  EXPECT_FALSE(store->is_shared()) << "the end of this process is the end of its sessions";
  {
    const auto other = open();
    EXPECT_TRUE(store->is_shared());
    EXPECT_TRUE(other->is_shared());
  }
  EXPECT_FALSE(store->is_shared());
}

TEST_F(SharedFolder,
       is_refused_while_a_release_that_wants_it_alone_has_it_and_the_other_way_round) {
  std::filesystem::create_directories(folder);
  const Descriptor earlier(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(earlier.number(), LOCK_EX | LOCK_NB), 0);
  const auto refused = open_sqlite_store(folder);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("earlier release"), std::string::npos);
  ASSERT_EQ(::flock(earlier.number(), LOCK_UN), 0);
  const auto store = open();
  EXPECT_NE(::flock(earlier.number(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(SharedFolder,
       waits_no_longer_than_it_may_for_a_process_that_was_stopped_while_it_opened_it) {
  { const auto made = open(); }
  const auto lock = session::ProcessLock::open(folder / "penstock.lock");
  const auto stuck = lock->set_up(0ms);
  ASSERT_TRUE(stuck);
  const auto other = session::ProcessLock::open(folder / "penstock.lock");
  const auto refused = other->set_up(20ms);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("another process"), std::string::npos);
}

}  // namespace
}  // namespace penstock
