// A plugin whose functions do not return where a call's path says so.
#include <atomic>
#include <string_view>

#include <penstock/sdk/plugin.hpp>

namespace {

using namespace penstock::sdk;

[[noreturn]] void spin() {
  for (std::atomic<unsigned> turns{0};; ++turns) {
  }
}

struct Stuck {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    if (in.call.path == "/hang-in-prepare") spin();
    const bool wants_session =
        in.call.path == "/with-session" || in.call.path == "/hang-in-session";
    if (wants_session && in.session["token"].empty()) return Verdict::need_session;
    out.header("Authorization", "Bearer x");
    return Verdict::ok;
  }

  Verdict session(Out& out, const SessionIn&) const {
    spin();
    out.put("token", "x");
    return Verdict::ok;
  }

  Verdict inspect(Out&, const InspectIn& in) const {
    if (in.call.path == "/hang-in-inspect") spin();
    return Verdict::pass;
  }
};

}  // namespace

PENSTOCK_PLUGIN(Stuck)
