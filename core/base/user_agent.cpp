#include "base/user_agent.hpp"

namespace penstock {

const char* const user_agent = PENSTOCK_USER_AGENT;

}  // namespace penstock
