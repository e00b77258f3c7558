#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <penstock/config.hpp>
#include <penstock/engine.hpp>

namespace penstock::testing {

/// The real sandbox as a child process on a free port, with a folder of its own. Ends with this
/// object.
class SandboxProcess {
 public:
  explicit SandboxProcess(const std::vector<std::string>& more_arguments = {});
  ~SandboxProcess();
  SandboxProcess(const SandboxProcess&) = delete;
  SandboxProcess& operator=(const SandboxProcess&) = delete;

  /// The shipped integrations.yaml, led to this sandbox; `more` is appended to the list of
  /// integrations.
  Config config(const std::string& more = "") const;
  std::string yaml(const std::string& more = "") const;

  std::unique_ptr<Engine> engine(const std::string& more = "", int threads = 2) const;

  /// POST /control.
  void control(const std::string& json) const;
  /// GET /ledger, as JSON text.
  std::string ledger() const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::string talk(const std::string& path, const std::string* body) const;

  std::filesystem::path folder_;
  std::string address_;
  int pid_ = -1;
};

/// Makes one call and waits for its end.
Result<Response> call(Engine& engine, Call call);

}  // namespace penstock::testing
