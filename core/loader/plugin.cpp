#include "loader/plugin.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <span>

#include <boost/dll/shared_library.hpp>
#include <penstock/text.hpp>

#include "host/running_function.hpp"
#include "loader/elf.hpp"
#include "loader/sealed_library.hpp"

namespace penstock::loader {
namespace {

using Reasons = std::vector<std::string>;

// The libraries that a plugin may link: the C and C++ runtimes. The host provides everything else.
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

constexpr const char* use_our_flags =
    "; build it with penstock_add_plugin(), or with the same options: hidden visibility, "
    "-fno-gnu-unique and a version script that exports only the entry point";

std::string entry_of_another_abi(const ElfImage& image) {
  constexpr std::string_view stem = "pst_plugin_v";
  for (const ElfSymbol& symbol : image.exports) {
    if (symbol.name.starts_with(stem)) {
      return "it is built for plugin ABI " + symbol.name.substr(stem.size()) +
             ", but this host supports 1; rebuild it with this SDK";
    }
  }
  return std::string("it exports no ") + PST_ENTRY + ": it is not a Penstock plugin";
}

/// The first few names, and how many more there are.
std::string list(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  if (names.size() <= shown) return joined(names);
  return joined(std::span(names).first(shown)) + " and " + std::to_string(names.size() - shown) +
         " more";
}

/// The symbol that AddressSanitizer adds for each global that it instruments.
constexpr std::string_view odr_marker_of_entry = "__odr_asan." PST_ENTRY;

void check_exports(const ElfImage& image, Reasons& reasons) {
  const auto entry = std::ranges::find(image.exports, PST_ENTRY, &ElfSymbol::name);
  if (entry == image.exports.end()) {
    reasons.push_back(entry_of_another_abi(image));
    return;
  }
  // Looking up an IFUNC would run its code, and no other symbol that is not data can be the entry.
  if (!entry->is_object || entry->size < offsetof(pst_plugin, session))
    reasons.push_back(std::string("its ") + PST_ENTRY + " is not a pst_plugin");
  std::vector<std::string> unique, others;
  for (const ElfSymbol& symbol : image.exports) {
    if (symbol.is_unique) {
      unique.push_back(symbol.name);
    } else if (symbol.name != PST_ENTRY && symbol.name != odr_marker_of_entry) {
      others.push_back(symbol.name);
    }
  }
  if (!unique.empty()) {
    reasons.push_back(
        "it shares state with every other plugin of the process (GNU-unique symbols: " +
        list(unique) + ")" + use_our_flags);
  }
  if (!others.empty())
    reasons.push_back("it exports more than its entry point: " + list(others) + use_our_flags);
}

Reasons check_image(const ElfImage& image) {
  Reasons reasons;
  check_exports(image, reasons);
  for (const std::string& library : image.needed) {
    if (std::ranges::find(allowed_libraries, library) == allowed_libraries.end()) {
      reasons.push_back("it needs " + library + "; a plugin may link only the C and C++ runtimes");
    }
  }
  for (const std::string& tag : image.forbidden_tags)
    reasons.push_back("its dynamic section has " + tag + ", which loads or runs more");
  if (image.has_run_path) reasons.emplace_back("it has a run path");
  if (image.has_text_relocations)
    reasons.emplace_back("it has text relocations; build it with -fPIC");
  if (image.has_executable_stack)
    reasons.emplace_back("it requires an executable stack; link it with -Wl,-z,noexecstack");
  if (image.has_writable_code)
    reasons.emplace_back("it has a segment that can be both written and executed");
  if (image.has_thread_locals)
    reasons.emplace_back("it has thread_local variables; a plugin keeps no state");
  if (!image.manifest) reasons.push_back(std::string("it has no section ") + PST_MANIFEST_SECTION);
  return reasons;
}

/// Whether this host has all functions that the plugin needs; empty: it has. A plugin that was
/// compiled for a later minor declares in its manifest which minor is enough (abi.min_minor).
std::string check_abi_version(const catalog::Manifest& manifest, unsigned major, unsigned minor) {
  const std::string ours = std::to_string(PST_ABI_MAJOR) + "." + std::to_string(PST_ABI_MINOR);
  if (major != PST_ABI_MAJOR)
    return "its entry is for plugin ABI " + std::to_string(major) + ", but this host supports " +
           ours;
  const int min_minor = manifest.min_minor.value_or(static_cast<int>(minor));
  if (min_minor <= PST_ABI_MINOR) return {};
  return "it needs plugin ABI 1." + std::to_string(min_minor) + ", but this host supports " + ours +
         "; build it with this SDK, or declare in its manifest the lowest minor that it works "
         "with: \"abi\": {\"min_minor\": " +
         std::to_string(PST_ABI_MINOR) + "}";
}

template <class Declares>
std::string apis_that(const catalog::Manifest& manifest, Declares&& declares) {
  std::string out;
  for (const catalog::Api& api : manifest.apis) {
    if (declares(api)) out += (out.empty() ? "" : ", ") + api.name;
  }
  return out;
}

/// A function that the manifest does not declare is never called, and one that is declared but
/// missing cannot be called: both mistakes would lead to wrong results later.
Reasons check_functions(const catalog::Manifest& manifest, const host::Instance& instance) {
  Reasons reasons;
  const auto compare = [&](const std::string& function, const std::string& declared, bool has) {
    if (!declared.empty() && !has) {
      reasons.push_back("its manifest declares \"" + function + "\" (" + declared +
                        "), but its entry has no function " + function);
    } else if (declared.empty() && has) {
      reasons.push_back("its entry has a function " + function +
                        ", but no API of its manifest declares \"" + function +
                        "\": it would never be called");
    }
  };
  compare("session", apis_that(manifest, [](const auto& api) { return api.session.has_value(); }),
          instance.has_session());
  compare("inspect", apis_that(manifest, [](const auto& api) { return api.inspect.has_value(); }),
          instance.has_inspect());
  return reasons;
}

std::optional<std::vector<std::string>> names_of(const schema::Schema& schema) {
  if (!schema.is_closed()) return std::nullopt;
  std::vector<std::string> out;
  for (const schema::FieldInfo& field : schema.fields())
    out.push_back(field.name);
  return out;
}

host::InstanceFacts facts_of(const catalog::Manifest& manifest) {
  host::InstanceFacts facts;
  facts.label = manifest.id + " " + manifest.version;
  facts.connection_fields = names_of(manifest.connection);
  for (const catalog::Api& api : manifest.apis)
    facts.apis.push_back({api.name, api.session.has_value(), names_of(api.options)});
  return facts;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// The text of dlerror(), taken out of Boost.DLL's message, which ends with the errno of an
/// unrelated call.
std::string dlerror_text(const std::string& what) {
  constexpr std::string_view before = "dlerror system message: ";
  const std::size_t begin = what.find(before), end = what.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos) return what;
  return what.substr(begin + before.size(), end - begin - before.size());
}

/// Keeps a loaded library mapped until the process ends.
void keep_mapped(boost::dll::shared_library library) {
  static std::mutex mutex;
  // Never destroyed: nothing may be unmapped.
  static auto* kept = new std::vector<boost::dll::shared_library>();
  const std::scoped_lock lock(mutex);
  kept->push_back(std::move(library));
}

}  // namespace

Result<std::shared_ptr<const Plugin>, Plugin::Refusal> Plugin::load(const PluginFile& file) {
  const auto image = read_elf(file.bytes);
  if (!image) return failure(Refusal{{image.error()}, {}});
  Reasons reasons = check_image(*image);
  std::string tool = image->manifest ? catalog::tool_of(*image->manifest) : std::string();
  if (!reasons.empty()) return failure(Refusal{std::move(reasons), std::move(tool)});
  const auto refusal = [&](std::string reason) {
    return failure(Refusal{{std::move(reason)}, tool});
  };

  auto manifest = catalog::parse_manifest(*image->manifest);
  if (!manifest) {
    for (const catalog::ManifestProblem& problem : manifest.error())
      reasons.push_back("its manifest" + problem.text());
    return failure(Refusal{std::move(reasons), std::move(tool)});
  }
  if (manifest->id != file.path.stem().string()) {
    return refusal("its manifest's id is " + manifest->id + "; the file must be named " +
                   manifest->id + ".so");
  }

  auto sealed = SealedLibrary::make(file);
  if (!sealed) return refusal(sealed.error());
  std::shared_ptr<Plugin> plugin(new Plugin);
  try {
    host::InstanceFacts facts = facts_of(*manifest);
    const std::string label = facts.label;
    const host::RunningFunctionScope running({label, "", "its constructors"});
    // rtld_now: a missing symbol fails here instead of ending the process at its first use.
    boost::dll::shared_library library(sealed->path(), boost::dll::load_mode::rtld_now |
                                                           boost::dll::load_mode::rtld_local);
    const auto& entry = library.get<const pst_plugin>(PST_ENTRY);
    const auto shown = std::ranges::find(image->exports, PST_ENTRY, &ElfSymbol::name);
    if (entry.struct_size < offsetof(pst_plugin, session) || entry.struct_size > shown->size)
      return refusal("its entry is malformed: struct_size is not its size");
    if (std::string reason = check_abi_version(*manifest, entry.abi_major, entry.abi_minor);
        !reason.empty())
      return refusal(std::move(reason));
    if (std::string_view(entry.manifest.ptr, entry.manifest.len) != *image->manifest) {
      return refusal("its entry's manifest differs from its manifest section");
    }
    plugin->abi_major_ = entry.abi_major;
    plugin->abi_minor_ = entry.abi_minor;
    keep_mapped(library);
    auto instance = host::Instance::create(entry, manifest->egress, std::move(facts));
    if (!instance) return refusal("its create() failed: " + instance.error().message);
    plugin->instance_ = *std::move(instance);
  } catch (const std::exception& error) {
    return refusal("it cannot be loaded: " + replaced(dlerror_text(error.what()), sealed->path(),
                                                      file.path.filename().string()));
  }
  reasons = check_functions(*manifest, *plugin->instance_);
  if (!reasons.empty()) return failure(Refusal{std::move(reasons), std::move(tool)});
  plugin->manifest_ = *std::move(manifest);
  plugin->file_ = file.path;
  plugin->sha256_ = file.sha256;
  return std::shared_ptr<const Plugin>(std::move(plugin));
}

host::SessionKey session_key(const catalog::Api& api, const std::vector<Field>& options) {
  host::SessionKey key;
  if (!api.session) return key;
  if (api.session->per_api) key.api = api.name;
  key.option_names = api.session->key_options;
  for (const std::string& name : key.option_names) {
    const auto option = std::ranges::find(options, name, &Field::name);
    if (option != options.end()) key.options.push_back(*option);
  }
  return key;
}

std::string Plugin::abi() const {
  return std::to_string(abi_major_) + "." + std::to_string(abi_minor_);
}

}  // namespace penstock::loader
