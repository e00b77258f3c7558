#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catalog/manifest.hpp"
#include "host/invocation.hpp"
#include "loader/plugin_file.hpp"

namespace penstock::loader {

/// One generation of one plugin: its manifest and its code, alive as long as something holds it. A
/// call holds the generation that it started with; a reload creates another. The code stays mapped
/// until the process ends: unmapping would free 22 KiB and leave any remaining pointers into it
/// dangling.
class Plugin {
 public:
  /// Why a file was not loaded: sentences without the path.
  struct Refusal {
    std::vector<std::string> reasons;
    std::string tool;  ///< the tool in its manifest; empty: not known
  };

  /// Checks the file and its manifest, then loads the library and creates the instance. None of its
  /// code runs before these checks. Loading runs its constructors, as for any library.
  static Result<std::shared_ptr<const Plugin>, Refusal> load(const PluginFile& file);

  const catalog::Manifest& manifest() const { return manifest_; }
  const host::Instance& instance() const { return *instance_; }
  const std::filesystem::path& file() const { return file_; }
  const std::string& sha256() const { return sha256_; }
  std::string abi() const;
  std::string label() const { return manifest_.id + " " + manifest_.version; }

 private:
  Plugin() = default;

  catalog::Manifest manifest_;
  std::unique_ptr<host::Instance> instance_;
  std::filesystem::path file_;
  std::string sha256_;
  unsigned abi_major_ = 0, abi_minor_ = 0;
};

/// What a session of `api` belongs to, for a call with these options.
host::SessionKey session_key(const catalog::Api& api, const std::vector<Field>& options);

}  // namespace penstock::loader
