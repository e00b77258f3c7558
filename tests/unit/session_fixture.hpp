#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rotating_plugin.hpp"
#include "session/environment.hpp"
#include "session/renewal_gate.hpp"
#include "session/session_slot.hpp"

namespace penstock::session {

/// Holds every operation until the test completes it: any order of events can be played.
class HeldEnvironment final : public Environment {
 public:
  std::int64_t now_unix_ms() override { return now; }
  std::array<std::uint8_t, 32> entropy() override { return {}; }
  void fetch(FetchRequest request, std::function<void(Result<FetchResponse>)> handler) override {
    fetches.push_back({std::move(request), std::move(handler)});
  }
  void wait(std::chrono::milliseconds time, std::function<void()> handler) override {
    waits.push_back({time, std::move(handler)});
  }
  std::shared_ptr<void> begin_exchange() override { return gate->enter(); }
  void save(std::string key, StoredState state, std::uint64_t fence,
            std::function<void(Result<std::uint64_t>)> handler) override {
    saves.push_back({std::move(key), std::move(state), fence, std::move(handler)});
  }
  void lease(std::string key, std::function<void(Result<std::optional<Lease>>)> handler) override {
    leases.push_back(
        [this, key = std::move(key), handler = std::move(handler)] { handler(disk->lease(key)); });
  }
  void extend(std::string, std::uint64_t, std::function<void(Result<bool>)> handler) override {
    extends.push_back(std::move(handler));
  }
  void release(std::string, std::uint64_t) override { ++releases; }

  /// Up to the first fetch: the lease, and the intent saved.
  void begin() {
    if (leases.empty()) return;
    begin_lease();
    if (!saves.empty()) store();
  }
  void begin_lease() {
    const auto lease = std::move(leases.front());
    leases.pop_front();
    lease();
  }
  void answer(int status, std::string body, Headers headers = {}) {
    auto held = std::move(fetches.front());
    fetches.pop_front();
    held.handler(FetchResponse{status, std::move(headers), std::move(body)});
  }
  void store() {
    auto held = std::move(saves.front());
    saves.pop_front();
    held.handler(disk->save(held.key, held.state, held.fence));
  }
  void fail_to_store(bool though_it_is_stored = false) {
    auto held = std::move(saves.front());
    saves.pop_front();
    if (though_it_is_stored) (void)disk->save(held.key, held.state, held.fence);
    held.handler(failure(engine_failed("disk full", Phase::receive, Sent::no)));
  }
  /// The next heartbeat finds that another replica has the lease.
  void lose_lease() {
    pass(CredentialStore::lease_heartbeat);
    const auto handler = std::move(extends.front());
    extends.pop_front();
    handler(false);
  }
  /// The first of the waits that is this long.
  void pass(std::chrono::milliseconds time) {
    const auto found = std::ranges::find(waits, time, [](const auto& one) { return one.first; });
    ASSERT_NE(found, waits.end());
    const auto handler = std::move(found->second);
    waits.erase(found);
    now += time.count();
    handler();
  }

  struct Fetch {
    FetchRequest request;
    std::function<void(Result<FetchResponse>)> handler;
  };
  struct Save {
    std::string key;
    StoredState state;
    std::uint64_t fence;
    std::function<void(Result<std::uint64_t>)> handler;
  };
  std::deque<std::function<void()>> leases;
  std::deque<std::function<void(Result<bool>)>> extends;
  std::deque<std::pair<std::chrono::milliseconds, std::function<void()>>> waits;
  int releases = 0;
  std::shared_ptr<RenewalGate> gate = std::make_shared<RenewalGate>();
  std::int64_t now = 1'700'000'000'000;
  std::deque<Fetch> fetches;
  std::deque<Save> saves;
  std::unique_ptr<CredentialStore> disk = make_memory_store();
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    plugin = host::Instance::create(rotating_plugin::functions,
                                    *Egress::parse({"https://login.example"}))
                 .
                 operator*();
    state = restart();
  }

  // A fetch that is never answered holds the world that holds it.
  ~SessionTest() override {
    environment->fetches.clear();
    environment->saves.clear();
    environment->leases.clear();
    environment->waits.clear();
  }

  std::shared_ptr<SessionSlot> restart(std::string refresh_token = "r0",
                                       bool rotates = true) const {
    const host::Connection configured{"acme", {{"refresh_token", Secret(refresh_token), true}}};
    return std::make_shared<SessionSlot>("p/acme", configured, *environment->disk->load("p/acme"),
                                         rotates);
  }

  SessionRequest request(std::uint64_t used = 0) const {
    SessionRequest out;
    out.plugin = plugin;
    out.used_generation = used;
    return out;
  }

  /// Another replica on the same store renews, from the lease to the end.
  std::shared_ptr<SessionSlot> replica_renews(int status, const std::string& body) {
    auto other = restart();
    SessionRequest wanted = request(other->current()->generation);
    wanted.ignore_backoff = true;
    other->obtain(std::move(wanted), environment, [](const auto&) {});
    environment->begin();
    environment->answer(status, body);
    if (!environment->saves.empty()) environment->store();
    return other;
  }

  /// The unsaved response of this replica gets its next lease after that.
  void replica_renews_and_dies_renewing_again() {
    const auto other = replica_renews(200, "a2 r2");
    other->obtain(request(other->current()->generation), environment, [](const auto&) {});
    environment->begin();
    environment->fetches.clear();
    environment->pass(std::chrono::milliseconds(2'000));
    environment->begin_lease();
  }

  void ask(std::uint64_t used = 0) { ask(request(used)); }
  void ask(SessionRequest wanted) {
    state->obtain(std::move(wanted), environment,
                  [this](Result<SnapshotPtr> result) { results.push_back(std::move(result)); });
    environment->begin();
  }

  static std::string token(const SnapshotPtr& snapshot) {
    return std::string(snapshot->session->items.at(0).value.reveal());
  }

  std::shared_ptr<const host::Instance> plugin;
  std::shared_ptr<HeldEnvironment> environment = std::make_shared<HeldEnvironment>();
  std::shared_ptr<SessionSlot> state;
  std::vector<Result<SnapshotPtr>> results;
};

}  // namespace penstock::session
