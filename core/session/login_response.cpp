#include "session/login_response.hpp"

#include <algorithm>
#include <utility>

#include "session/record_codec.hpp"

namespace penstock::session {
namespace {

bool same_values(const std::vector<SecretField>& one, const std::vector<SecretField>& other) {
  return std::ranges::equal(one, other, [](const SecretField& a, const SecretField& b) {
    return a.name == b.name && a.value.reveal() == b.value.reveal();
  });
}

void replace_credentials(StoredState& state, const std::vector<host::NamedValue>& fresh,
                         const host::Connection& configured) {
  for (const host::NamedValue& item : fresh) {
    std::erase_if(state.credentials, [&](const SecretField& old) { return old.name == item.name; });
    state.credentials.push_back({item.name, item.value, item.secret});
  }
  state.connection_digest = digest_of(configured, state.credentials);
}

}  // namespace

LoginResponse response_of(Renewed renewed, StoredState record, const host::Connection& configured,
                          std::vector<int> formats, std::uint8_t jitter) {
  std::vector<SecretField> before = record.credentials;
  replace_credentials(record, renewed.credentials, configured);
  record.session = fields_of(renewed.session.items);
  record.session_formats = std::move(formats);
  record.session_created_ms = renewed.session.created_ms;
  record.session_expires_ms = renewed.session.expires_ms;
  auto fresh = restore(record, configured).snapshot;
  fresh->refresh_early_ms =
      refresh_early_time(renewed.session.created_ms, renewed.session.expires_ms, jitter);
  return {std::move(record), std::move(before), std::move(fresh), jitter};
}

LoginResponse response_of(RenewalFailure failed, StoredState record,
                          const host::Connection& configured, std::uint8_t jitter) {
  std::vector<SecretField> before = record.credentials;
  replace_credentials(record, std::exchange(failed.credentials, {}), configured);
  return {std::move(record), std::move(before), failure(std::move(failed)), jitter};
}

SaveResult find_response(const LoginResponse& response, const StoredState& stored) {
  const StoredState& ours = response.record;
  if (stored.session_created_ms == ours.session_created_ms &&
      same_values(stored.credentials, ours.credentials) &&
      same_values(stored.session, ours.session))
    return SaveResult::stored;
  const bool finished = stored.renewal_began_ms == 0 && stored.refusal.empty();
  const bool rotated = !same_values(stored.credentials, response.credentials_before);
  return stored.version != ours.version && (finished || rotated) ? SaveResult::superseded
                                                                 : SaveResult::missing;
}

}  // namespace penstock::session
