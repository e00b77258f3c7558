// The C++ wrapper over the C ABI, driven by the engine's own host: what a plugin's class becomes.
#include <cstddef>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <penstock/sdk/plugin.hpp>
#include <penstock/sdk/text.hpp>

#include "host/builder.hpp"
#include "host/invocation.hpp"

namespace penstock::tests {
namespace {

using namespace penstock::sdk;

/// What PENSTOCK_PLUGIN() exports, but for the manifest.
template <class Type>
pst_plugin entry_of() {
  return {sizeof(pst_plugin),
          PST_ABI_MAJOR,
          PST_ABI_MINOR,
          {"{}", 2},
          &sdk::detail::create<Type>,
          &sdk::detail::destroy<Type>,
          &sdk::detail::prepare<Type>,
          sdk::detail::session_function<Type>(),
          sdk::detail::inspect_function<Type>(),
          nullptr};
}

template <class Type>
std::unique_ptr<host::Instance> instance() {
  auto made = host::Instance::create(entry_of<Type>(), *Egress::parse({"https://*.acme.example"}));
  return made ? *std::move(made) : nullptr;
}

host::Connection connection() {
  host::Connection made;
  made.id = "acme:test";
  made.fields.push_back({"way", Secret("none")});
  return made;
}

host::Connection connection(std::string_view way) {
  host::Connection made = connection();
  made.fields.front().value = Secret(way);
  return made;
}

/// Fails in every way there is.
struct Thrower {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const std::string_view way = in.conn["way"];
    if (way == "fail") fail(PST_E_LIMIT, "too much", "E42");
    if (way == "exception") throw std::runtime_error("broken");
    if (way == "int") throw 42;
    if (way == "egress") out.url("https://evil.example/");
    if (way == "header") out.header("X-A", "a\r\nX-Evil: 1");
    if (way == "verdict") return Verdict::fetch;
    return Verdict::ok;
  }
};

TEST(Wrapper, TurnsEveryWayOfFailingIntoAFailure) {
  const auto plugin = instance<Thrower>();
  ASSERT_NE(plugin, nullptr);
  const auto failure_of = [&](std::string_view way) {
    return plugin->prepare({}, connection(way), nullptr, {}).failure;
  };
  EXPECT_EQ(failure_of("fail").kind, PST_E_LIMIT);
  EXPECT_EQ(failure_of("fail").message, "too much");
  EXPECT_EQ(failure_of("fail").vendor_code, "E42");
  EXPECT_EQ(failure_of("exception").kind, PST_E_INTERNAL);
  EXPECT_EQ(failure_of("exception").message, "broken");
  EXPECT_EQ(failure_of("int").message, "an unknown exception");
  for (const char* way : {"egress", "header", "verdict"}) {
    const host::Outcome outcome = plugin->prepare({}, connection(way), nullptr, {});
    EXPECT_EQ(outcome.verdict, host::Verdict::failed) << way;
    EXPECT_EQ(outcome.failure.kind, PST_E_INTERNAL) << way;
  }
  EXPECT_EQ(plugin->prepare({}, connection(), nullptr, {}).verdict, host::Verdict::ok);
}

TEST(Wrapper, LeavesOutFunctionsThatTheClassHasNot) {
  const auto plugin = instance<Thrower>();
  ASSERT_NE(plugin, nullptr);
  EXPECT_FALSE(plugin->has_session());
  EXPECT_FALSE(plugin->has_inspect());
}

TEST(Wrapper, RefusesAHostThatLacksWhatTheFirstMinorHas) {
  const pst_plugin entry = entry_of<Thrower>();
  pst_host host = host::host_functions();
  pst_cx cx;
  void* self = nullptr;
  EXPECT_EQ(entry.create(&host, &cx, {"{}", 2}, &self), PST_OK);
  entry.destroy(self);
  host.struct_size = offsetof(pst_host, sign);
  EXPECT_EQ(entry.create(&host, &cx, {"{}", 2}, &self), PST_FAILED);
  host.struct_size = sizeof host;
  host.abi_major = 2;
  EXPECT_EQ(entry.create(&host, &cx, {"{}", 2}, &self), PST_FAILED);
}

/// A login of two requests, with every tool of the wrapper.
struct TwoStep {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (!in.session.fresh(in.env, 1000)) return Verdict::need_session;
    out.method("PUT").url("https://api.acme.example/x").query("a b", "c&d").body("whole");
    return Verdict::ok;
  }
  Verdict session(Out& out, const SessionIn& in) const {
    if (in.event == PST_EV_START) {
      out.url("https://api.acme.example/where");
      return Verdict::fetch;
    }
    if (in.carried["base"].empty()) {
      const std::string base(out.json(in.response.body(), "/url"));
      out.carry("base", base)
          .method("POST")
          .url(base + "/login")
          .body(out.hmac("sha256", "k", "d"));
      return Verdict::fetch;
    }
    out.put("cookie", in.response.header("set-cookie")).put("base", in.carried["base"], false);
    out.expires(in.env.now_ms() + 60'000).log(1, "logged in");
    return Verdict::ok;
  }
  Verdict inspect(Out& out, const InspectIn& in) const {
    if (in.response.truncated()) return Verdict::pass;
    out.note("seen", std::to_string(in.response.status())).retry_after(1500);
    return Verdict::retry;
  }
};

TEST(Wrapper, CarriesALoginFromStepToStep) {
  const auto plugin = instance<TwoStep>();
  ASSERT_NE(plugin, nullptr);
  const host::Connection conn = connection();
  const host::Env env{.now_unix_ms = 1'000'000};
  EXPECT_EQ(plugin->prepare(env, conn, nullptr, {}).verdict, host::Verdict::need_session);

  const host::Outcome first = plugin->session(PST_EV_START, env, conn, nullptr, {}, nullptr);
  ASSERT_EQ(first.verdict, host::Verdict::fetch);
  EXPECT_EQ(first.url, "https://api.acme.example/where");

  const host::ResponseInput where{200, nullptr, R"({"url": "https://pod7.acme.example"})"};
  const host::Outcome second = plugin->session(PST_EV_FETCHED, env, conn, nullptr, {}, &where);
  ASSERT_EQ(second.verdict, host::Verdict::fetch) << second.failure.message;
  EXPECT_EQ(second.url, "https://pod7.acme.example/login");
  EXPECT_EQ(second.body.value_or("").size(), 32U);
  ASSERT_EQ(second.carried.size(), 1U);
  EXPECT_TRUE(second.carried.front().secret);

  const Headers headers = {{"set-cookie", "token=1"}};
  const host::ResponseInput login{200, &headers, ""};
  const host::Outcome third =
      plugin->session(PST_EV_FETCHED, env, conn, nullptr, {second.carried}, &login);
  ASSERT_EQ(third.verdict, host::Verdict::ok) << third.failure.message;
  ASSERT_EQ(third.session.size(), 2U);
  EXPECT_EQ(third.session[0].value.reveal(), "token=1");
  EXPECT_TRUE(third.session[0].secret);
  EXPECT_FALSE(third.session[1].secret);
  EXPECT_EQ(third.session_expires_ms, 1'060'000);
  ASSERT_EQ(third.logs.size(), 1U);
  EXPECT_EQ(third.logs.front().level, 1);
  EXPECT_EQ(third.logs.front().text, "logged in");

  const host::SessionState session{third.session, 1'000'000, third.session_expires_ms};
  const host::Outcome call = plugin->prepare(env, conn, &session, {});
  ASSERT_EQ(call.verdict, host::Verdict::ok);
  EXPECT_EQ(call.method, "PUT");
  EXPECT_EQ(call.body, "whole");
  ASSERT_EQ(call.query.size(), 1U);
  EXPECT_EQ(call.query.front(), (Field{"a b", "c&d"}));
}

TEST(Wrapper, ASessionThatFindsNoPlaceToGoIsRefused) {
  const auto plugin = instance<TwoStep>();
  ASSERT_NE(plugin, nullptr);
  const host::ResponseInput evil{200, nullptr, R"({"url": "https://evil.example"})"};
  const host::Outcome outcome =
      plugin->session(PST_EV_FETCHED, {}, connection(), nullptr, {}, &evil);
  EXPECT_EQ(outcome.verdict, host::Verdict::failed);
  EXPECT_THAT(outcome.failure.message, ::testing::HasSubstr("egress"));
}

TEST(Wrapper, GivesInspectTheResponse) {
  const auto plugin = instance<TwoStep>();
  ASSERT_NE(plugin, nullptr);
  const host::Outcome seen = plugin->inspect({}, connection(), nullptr, {}, {503, nullptr, "busy"});
  EXPECT_EQ(seen.verdict, host::Verdict::retry);
  EXPECT_EQ(seen.retry_after_ms, 1500);
  EXPECT_THAT(seen.notes, ::testing::ElementsAre(Field{"seen", "503"}));
  const host::Outcome cut =
      plugin->inspect({}, connection(), nullptr, {}, {503, nullptr, "busy", true});
  EXPECT_EQ(cut.verdict, host::Verdict::pass);
}

/// HTTP Digest (RFC 7616) with MD5: the plugin sees the final target, and has what a login gave it.
struct Digest {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const auto h = [&](const std::string& text) { return hex(out.digest("md5", text)); };
    const std::string_view nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                           cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const std::string response =
        h(concat(h("Mufasa:http-auth@example.org:Circle of Life"), ":", nonce, ":0000000",
                 std::to_string(in.env.session_seq()), ":", cnonce,
                 ":auth:", h(concat(in.call.method, ":", in.call.target()))));
    out.header("Authorization",
               concat("Digest uri=\"", in.call.target(), "\", response=\"", response, "\""));
    out.note("authority", in.call.authority);
    return Verdict::ok;
  }
};

TEST(Wrapper, SignsTheFinalTargetAsTheRfcsExampleDoes) {
  const auto plugin = instance<Digest>();
  ASSERT_NE(plugin, nullptr);
  host::CallInput call;
  call.method = "GET";
  call.url = "https://www.example.org:8443/dir/index.html";
  const host::Outcome signed_call =
      plugin->prepare({.session_seq = 1}, connection(), nullptr, call);
  ASSERT_EQ(signed_call.verdict, host::Verdict::ok) << signed_call.failure.message;
  EXPECT_EQ(signed_call.headers[0].value,
            "Digest uri=\"/dir/index.html\", response=\"8ca523f5e9506fed4657c9700eebdbec\"");
  EXPECT_EQ(signed_call.notes.front().value, "www.example.org:8443");

  // A query, and one that is empty but there.
  for (const std::string_view query : {"a=%20b", ""}) {
    call.query_string = query;
    EXPECT_THAT(plugin->prepare({}, connection(), nullptr, call).headers[0].value,
                ::testing::StartsWith(concat("Digest uri=\"/dir/index.html?", query, "\"")));
  }
  call.url = {};
  EXPECT_EQ(plugin->prepare({}, connection(), nullptr, call).verdict, host::Verdict::ok);
}

/// Says for what its session is.
struct Keyed {
  Verdict prepare(Out&, const PrepareIn&) const { return Verdict::need_session; }
  Verdict session(Out& out, const SessionIn& in) const {
    out.put("for", concat(in.api, "/", in.options["region"]), false);
    if (in.conn["way"] == "option") out.put("page", in.options["page"], false);
    if (in.conn["way"] == "credential") out.credential("way", "new");
    return Verdict::ok;
  }
};

TEST(Wrapper, ShowsASessionItsKeyAndNothingElse) {
  const auto plugin = instance<Keyed>();
  ASSERT_NE(plugin, nullptr);
  const host::SessionKey key{"rest", {"region"}, {{"region", "eu"}}};
  const auto run = [&](std::string_view way, const host::SessionKey& of) {
    return plugin->session(PST_EV_START, {}, connection(way), nullptr, {}, nullptr, of);
  };
  EXPECT_EQ(run("none", key).session.at(0).value.reveal(), "rest/eu");
  EXPECT_EQ(run("none", {"", {"region"}, {}}).session.at(0).value.reveal(), "/");
  EXPECT_EQ(run("option", key).failure.message, "the manifest's session.key has no \"page\"");
  EXPECT_EQ(run("credential", key).verdict, host::Verdict::failed);
  EXPECT_EQ(run("credential", {}).verdict, host::Verdict::failed) << "region is in no key";
}

/// Asks for what its connection names.
struct Asker {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const std::string_view what = in.conn["way"];
    if (what == "conn") out.header("X-Key", in.conn["kye"]);
    if (what == "has" && in.conn.has("kye")) out.header("X-Key", "1");
    if (what == "option") out.header("X-Option", in.call.options["servce"]);
    if (what == "free")
      out.header("X-Free", concat("x", in.call.query["any"], in.call.headers["any"]));
    out.header("X-Unset", concat("[", in.conn["key"], "]"));
    return Verdict::ok;
  }
};

TEST(Wrapper, AnUnknownFieldIsAnErrorWithTheNearName) {
  host::InstanceFacts facts;
  facts.connection_fields = {"way", "key"};
  facts.apis = {{"v1", false, std::vector<std::string>{"service"}}};
  auto made =
      host::Instance::create(entry_of<Asker>(), *Egress::parse({"https://a.example"}), facts);
  ASSERT_TRUE(made);
  host::CallInput call;
  call.api = "v1";
  const auto outcome = [&](std::string_view way) {
    return (*made)->prepare({}, connection(way), nullptr, call);
  };
  EXPECT_EQ(outcome("conn").failure.message,
            "the manifest's connection has no \"kye\"; did you mean \"key\"?");
  EXPECT_EQ(outcome("conn").failure.kind, PST_E_INTERNAL);
  EXPECT_EQ(outcome("has").verdict, host::Verdict::failed);
  EXPECT_EQ(outcome("option").failure.message,
            "the manifest's api_options has no \"servce\"; did you mean \"service\"?");
  const host::Outcome free = outcome("free");
  ASSERT_EQ(free.verdict, host::Verdict::ok) << free.failure.message;
  EXPECT_THAT(free.headers, ::testing::Contains(Field{"X-Unset", "[]"})) << "known, and not set";
}

}  // namespace
}  // namespace penstock::tests
