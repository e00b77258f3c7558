#pragma once

#include <cstdint>
#include <string>

#include "session/session_slot.hpp"

namespace penstock::session {

/// One renewal, from taking the lease to its release. Its pending operations keep it alive. The
/// results go to its SessionSlot.
class SessionSlot::LeasedRenewal : public std::enable_shared_from_this<LeasedRenewal> {
 public:
  LeasedRenewal(std::shared_ptr<SessionSlot> state, SessionRequest need,
                std::shared_ptr<Environment> environment);

  void start();

 private:
  void ask_for_lease();
  void ask_again_later(Error error);
  void leased(const Lease& lease);
  bool adopt_newer(const Lease& lease);
  void save_intent();
  void run();
  void heartbeat();
  void renewed(Renewed renewed);
  void keep();
  void reconcile(const Lease& lease);
  void kept(std::uint64_t version);
  void revoke_when_unused(const SnapshotPtr& replaced);
  void failed(RenewalFailure failure);
  void save_credentials(RenewalFailure failure);
  void refused(RenewalFailure failure);
  void recheck_store(Error refusal);
  void end(Error error, RenewalFailure::Kind kind = RenewalFailure::Kind::transient);
  void release();

  const std::shared_ptr<SessionSlot> state_;
  SessionRequest need_;
  const std::shared_ptr<Environment> environment_;
  const std::int64_t began_ms_;
  std::uint64_t fence_ = 0;
  bool leased_ = false, lost_ = false;

  /// The vendor's response until it is saved. This is the only copy.
  struct Unsaved {
    StoredState state;
    /// Null: the response was a failure with rotated credentials.
    std::shared_ptr<Snapshot> snapshot;
    std::vector<SecretField> credentials_before;
    std::optional<RenewalFailure> failure;
  };
  std::optional<Unsaved> unsaved_;
  std::shared_ptr<void> exchange_;  ///< RenewalGate pass, held from intent to save
  bool challenged_ = false;         ///< the vendor has already ended the session
  /// Start of an earlier renewal whose outcome is unknown; 0: none.
  std::int64_t interrupted_ms_ = 0;
};

}  // namespace penstock::session
