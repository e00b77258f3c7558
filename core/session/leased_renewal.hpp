#pragma once

#include <cstdint>
#include <string>

#include "session/session_slot.hpp"

namespace penstock::session {

/// One renewal from the lease to its release; lives as long as something of it is pending. What it
/// learns goes to its SessionSlot.
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
  void beat();
  void renewed(Renewed renewed);
  void keep();
  void reconcile(const Lease& lease);
  void kept(std::uint64_t version);
  void revoke_when_unused(const SnapshotPtr& replaced);
  void failed(RenewalFailure failure);
  void keep_credentials(RenewalFailure failure);
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

  /// The vendor's answer until it is kept: nobody else has it.
  struct Unsaved {
    StoredState state;
    std::shared_ptr<Snapshot> snapshot;  ///< null: rotated credentials alone came, in a failure
    std::vector<SecretField> credentials_before;
    std::optional<RenewalFailure> failure;
  };
  std::optional<Unsaved> unsaved_;
  std::shared_ptr<void> exchange_;   ///< held from the intent until the answer is kept
  bool challenged_ = false;          ///< the vendor has ended the session itself
  std::int64_t interrupted_ms_ = 0;  ///< an earlier renewal began then, and nobody knows its end
};

}  // namespace penstock::session
