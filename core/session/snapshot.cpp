#include "session/snapshot.hpp"

#include <algorithm>

#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

constexpr std::int64_t max_margin_ms = 10'000;
constexpr std::int64_t max_useful_ms = 30'000;

}  // namespace

std::int64_t refresh_early_time(std::int64_t created_ms, std::int64_t expires_ms,
                                std::uint8_t jitter) {
  const std::int64_t life = expires_ms - created_ms;
  if (expires_ms == 0 || life < 60'000) return 0;
  return created_ms + life * 7 / 10 + life * jitter / (5 * 255);
}

std::int64_t expiry_margin(std::int64_t created_ms, std::int64_t expires_ms) {
  const std::int64_t life = expires_ms - created_ms;
  return created_ms == 0 ? 0 : std::clamp<std::int64_t>(life / 10, 0, max_margin_ms);
}

const host::SessionState* Snapshot::session_for(int format, std::int64_t now_ms) const noexcept {
  if (!session || std::ranges::find(session_formats, format) == session_formats.end())
    return nullptr;
  return session->expires_ms == 0 || now_ms < session->expires_ms ? &*session : nullptr;
}

bool Snapshot::is_due(std::int64_t now_ms) const noexcept {
  return session && session->expires_ms != 0 &&
         now_ms >= session->expires_ms - expiry_margin(session->created_ms, session->expires_ms);
}

bool Snapshot::is_worth_adopting(int format, std::int64_t now_ms) const noexcept {
  if (session_for(format, now_ms) == nullptr) return false;
  if (session->expires_ms == 0) return true;
  // Half of a short lifetime, max_useful_ms of a long one.
  const std::int64_t life = session->expires_ms - session->created_ms;
  const std::int64_t useful =
      session->created_ms == 0 ? max_useful_ms : std::min(max_useful_ms, life / 2);
  return session->expires_ms > now_ms + useful;
}

host::Connection with_credentials(host::Connection configured,
                                  const std::vector<host::NamedValue>& rotated) {
  for (const host::NamedValue& item : rotated) {
    const auto found = std::ranges::find(configured.fields, item.name, &host::NamedValue::name);
    if (found != configured.fields.end()) found->value = item.value;
  }
  return configured;
}

RestoredState restore(const StoredState& stored, const host::Connection& configured) {
  RestoredState out{std::make_shared<Snapshot>(), {}};
  out.snapshot->connection = configured;
  if (stored.connection_digest != digest_of(configured, stored.credentials)) return out;
  out.rotated = items_of(stored.credentials);
  out.snapshot->connection = with_credentials(configured, out.rotated);
  if (stored.session.empty()) return out;
  out.snapshot->session_formats = stored.session_formats;
  out.snapshot->session = host::SessionState{items_of(stored.session), stored.session_created_ms,
                                             stored.session_expires_ms};
  out.snapshot->refresh_early_ms =
      refresh_early_time(stored.session_created_ms, stored.session_expires_ms, 128);
  return out;
}

}  // namespace penstock::session
