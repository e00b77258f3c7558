#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "catalog/manifest.hpp"
#include "host/invocation.hpp"
#include "loader/plugin_file.hpp"

namespace penstock::loader {

/// One generation of one plugin: its manifest and its code, alive as long as anyone holds it. A
/// call holds the generation it started with; a reload makes another. The code itself stays mapped
/// until the process ends: unmapping gains 22 KiB and risks whatever still points there.
class Plugin {
 public:
  /// Why a file is no plugin to use: sentences without the path.
  struct Refusal {
    std::vector<std::string> reasons;
    std::string tool;  ///< whose plugin it would have been; empty: its manifest does not say
  };

  /// Checks the file and its manifest, then loads and creates it. Nothing of its code runs before
  /// these checks; loading runs its constructors, as those of any library.
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

}  // namespace penstock::loader
