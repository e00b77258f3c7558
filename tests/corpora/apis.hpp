#pragma once

#include <string>
#include <vector>

#include "stage.hpp"

namespace penstock::corpora {

/// An API of the shipped plugins, and where its calls have to end up.
struct Api {
  Call call;           ///< one that works
  std::string vendor;  ///< in the ledger
  std::string secret;  ///< the one credential that its calls may carry
  std::string host;
  std::string base;       ///< path of the base URL
  bool endpoint = false;  ///< has one address: takes no path

  std::string id() const { return call.tool + "/" + call.api; }
};

/// All nine.
std::vector<Api> apis();

/// What becomes of a call on the way to its vendor.
struct Fate {
  bool sent = false;
  Seen seen;  ///< where it was sent
  Result<Response> result;
};

/// Makes calls and holds each to what holds for every call, whatever is in it: it is refused as the
/// caller's mistake and nothing leaves; or one request reaches the API's own host, below its base
/// path even for a reader that decodes and resolves more than we do, with the headers that are its
/// own. No credential of any vendor is seen by the caller, nor anywhere but in its place.
class Caller {
 public:
  /// Calls every API once, so that sessions are there and only calls are counted.
  explicit Caller(Stage& stage);

  Fate make(const Api& api, const Call& call);

  /// Nothing was sent since the last call that was sent. To be asked now and then.
  void expect_nothing_more();

 private:
  Stage& stage_;
  int requests_ = 0;  ///< that the vendors have to have seen
};

}  // namespace penstock::corpora
