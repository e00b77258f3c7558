#include "call/guarded_peer.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace penstock::call {
namespace {

/// Does something of the test's own in each call.
struct ScriptedPeer final : ProxyPeer {
  std::function<void()> in_call;
  void read(ReadHandler handler) override { in_call(), handler(std::nullopt); }
  void interim(Response) override { in_call(); }
  void head(Response) override { in_call(); }
  void write(std::string, std::function<void(bool)> next) override { in_call(), next(false); }
  void finish(Result<ProxyEnd>) override { in_call(); }
};

TEST(GuardedPeer, OutlivesTheCallInWhichItsLastOwnerLetsGo) {
  const runtime::ErrorReporter report_error = [](std::string_view) {};
  const std::vector<std::function<void(GuardedPeer&)>> calls = {
      [](GuardedPeer& peer) { peer.read([](std::optional<std::string>) {}); },
      [](GuardedPeer& peer) { peer.interim({}); },
      [](GuardedPeer& peer) { peer.head({}); },
      [](GuardedPeer& peer) { peer.write("a", [](bool) {}); },
  };
  for (const auto& call : calls) {
    const auto scripted = std::make_shared<ScriptedPeer>();
    auto guarded = std::make_shared<GuardedPeer>(scripted, report_error);
    const std::weak_ptr<GuardedPeer> watched = guarded;
    bool alive = false;
    scripted->in_call = [&] {
      guarded = nullptr;
      alive = !watched.expired();
    };
    call(*guarded);
    EXPECT_TRUE(alive);
    EXPECT_TRUE(watched.expired());
  }
}

TEST(GuardedPeer, HearsNothingMoreOnceItThrewAndTheEngineHearsThatItIsGone) {
  std::vector<std::string> told;
  const runtime::ErrorReporter report_error = [&](std::string_view what) {
    told.emplace_back(what);
  };
  const auto scripted = std::make_shared<ScriptedPeer>();
  int calls = 0;
  scripted->in_call = [&] {
    ++calls;
    throw std::runtime_error("broken");
  };
  const auto guarded = std::make_shared<GuardedPeer>(scripted, report_error);
  std::vector<bool> more;
  guarded->write("a", [&](bool wanted) { more.push_back(wanted); });
  guarded->write("b", [&](bool wanted) { more.push_back(wanted); });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(more, (std::vector<bool>{false, false}));
  EXPECT_EQ(told.size(), 1U);
}

}  // namespace
}  // namespace penstock::call
