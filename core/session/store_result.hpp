#pragma once

#include <exception>
#include <string>

#include <penstock/error.hpp>

namespace penstock::session {

/// Runs `work`, which calls a CredentialStore, and returns its result. A store may be the
/// embedder's code: an exception that it throws is returned as an error.
template <class Work>
auto store_result(const Work& work) -> decltype(work()) {
  const auto failed = [](const std::string& what) {
    return failure(
        engine_failed("the credential store threw an exception" + what, Phase::session, Sent::no));
  };
  try {
    return work();
  } catch (const std::exception& error) {
    return failed(std::string(": ") + error.what());
  } catch (...) {
    return failed({});
  }
}

}  // namespace penstock::session
