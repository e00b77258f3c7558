#include "loader/plugin.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>

#include <boost/dll/shared_library.hpp>

#include "loader/elf.hpp"

namespace penstock::loader {
namespace {

using Reasons = std::vector<std::string>;

// What a plugin may bring along: the C and C++ runtimes. All else is the host's to offer.
constexpr std::array allowed_libraries = {"libc.so.6",
                                          "libm.so.6",
                                          "libgcc_s.so.1",
                                          "libstdc++.so.6",
#if defined(__SANITIZE_ADDRESS__)
                                          "libasan.so.8",
                                          "libubsan.so.1",
#elif defined(__SANITIZE_THREAD__)
                                          "libtsan.so.2",
#endif
                                          "ld-linux-x86-64.so.2",
                                          "ld-linux-aarch64.so.1"};

std::string entry_of_another_abi(const ElfImage& image) {
  constexpr std::string_view stem = "pst_plugin_v";
  for (const std::string& name : image.exports) {
    if (name.starts_with(stem)) {
      return "it is built for plugin ABI " + name.substr(stem.size()) +
             ", this host speaks 1; rebuild it with this SDK";
    }
  }
  return std::string("it exports no ") + PST_ENTRY + ": it is not a Penstock plugin";
}

Reasons refuse(const ElfImage& image) {
  Reasons reasons;
  if (std::ranges::find(image.exports, PST_ENTRY) == image.exports.end())
    reasons.push_back(entry_of_another_abi(image));
  for (const std::string& library : image.needed) {
    if (std::ranges::find(allowed_libraries, library) == allowed_libraries.end()) {
      reasons.push_back("it needs " + library +
                        "; a plugin links nothing but the C and C++ runtimes");
    }
  }
  if (image.has_run_path) reasons.emplace_back("it has a run path");
  if (image.has_text_relocations)
    reasons.emplace_back("it has text relocations; build it with -fPIC");
  if (image.has_executable_stack) reasons.emplace_back("it wants an executable stack");
  if (image.has_thread_locals)
    reasons.emplace_back("it has thread_local variables; a plugin keeps no state");
  if (!image.manifest) reasons.push_back(std::string("it has no section ") + PST_MANIFEST_SECTION);
  return reasons;
}

/// Libraries that were loaded, kept to the end of the process.
void keep_mapped(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto* kept =
      new std::vector<boost::dll::shared_library>();  // never destroyed: nothing may be unmapped
  const std::scoped_lock lock(mutex);
  kept->push_back(std::move(library));
}

}  // namespace

Result<std::shared_ptr<const Plugin>, Plugin::Refusal> Plugin::load(const PluginFile& file,
                                                                    const StagingFolder& staging) {
  const auto image = read_elf(file.bytes);
  if (!image) return failure(Refusal{{image.error()}, {}});
  Reasons reasons = refuse(*image);
  std::string tool = image->manifest ? catalog::tool_of(*image->manifest) : std::string();
  if (!reasons.empty()) return failure(Refusal{std::move(reasons), std::move(tool)});
  const auto refused = [&](std::string reason) {
    return failure(Refusal{{std::move(reason)}, tool});
  };

  auto manifest = catalog::parse_manifest(*image->manifest);
  if (!manifest) {
    for (const Problem& problem : manifest.error()) {
      reasons.push_back("its manifest" + (problem.pointer.empty() ? "" : " at " + problem.pointer) +
                        ": " + problem.message);
    }
    return failure(Refusal{std::move(reasons), std::move(tool)});
  }
  if (manifest->id != file.path.stem().string()) {
    return refused("its manifest's id is " + manifest->id + "; the file must be named " +
                   manifest->id + ".so");
  }
  if (manifest->min_minor > PST_ABI_MINOR) {
    return refused("it needs plugin ABI 1." + std::to_string(manifest->min_minor) +
                   ", this host speaks 1." + std::to_string(PST_ABI_MINOR));
  }

  auto staged = stage(staging, file);
  if (!staged) return refused(staged.error());
  std::shared_ptr<Plugin> plugin(new Plugin);
  try {
    // rtld_now: a missing symbol is refused here rather than ending the process at its first use.
    boost::dll::shared_library library(staged->string(), boost::dll::load_mode::rtld_now |
                                                             boost::dll::load_mode::rtld_local);
    const auto& entry = library.get<const pst_plugin>(PST_ENTRY);
    if (entry.abi_major != PST_ABI_MAJOR || entry.struct_size < offsetof(pst_plugin, session)) {
      return refused("its entry is malformed");
    }
    if (std::string_view(entry.manifest.ptr, entry.manifest.len) != *image->manifest) {
      return refused("its entry's manifest differs from its manifest section");
    }
    plugin->abi_major_ = entry.abi_major;
    plugin->abi_minor_ = entry.abi_minor;
    keep_mapped(library);
    auto instance = host::Instance::create(entry, manifest->egress);
    if (!instance) return refused("its create() failed: " + instance.error().message);
    plugin->instance_ = *std::move(instance);
  } catch (const std::exception& error) {
    return refused(std::string("it cannot be loaded: ") + error.what());
  }
  const bool wants_session =
      std::ranges::any_of(manifest->apis, [](const auto& api) { return api.session.has_value(); });
  if (wants_session != plugin->instance_->has_session()) {
    return refused("its manifest and its code disagree on whether it has sessions");
  }
  plugin->manifest_ = *std::move(manifest);
  plugin->file_ = file.path;
  plugin->sha256_ = file.sha256;
  return std::shared_ptr<const Plugin>(std::move(plugin));
}

std::string Plugin::abi() const {
  return std::to_string(abi_major_) + "." + std::to_string(abi_minor_);
}

}  // namespace penstock::loader
