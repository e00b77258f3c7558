#include <penstock/sdk/auth.hpp>
#include <penstock/sdk/plugin.hpp>

namespace {

using namespace penstock::sdk;

/// HiBob's service users authenticate with HTTP Basic; the hire API has its own service user.
struct HiBob {
  Verdict prepare(Out& out, const PrepareIn& in) const {
    const bool hire = in.call.api == "hire";
    out.header("Authorization", basic(in.conn[hire ? "hire_service_user_id" : "service_user_id"],
                                      in.conn[hire ? "hire_token" : "token"]));
    return Verdict::ok;
  }
};

}  // namespace

PENSTOCK_PLUGIN(HiBob)
