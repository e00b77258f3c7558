#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::loader {

/// A symbol that a shared library exports to the dynamic linker.
struct ElfSymbol {
  std::string name;
  bool is_object = false;  ///< data: neither a function nor an IFUNC, which is resolved at load
  bool is_unique = false;  ///< STB_GNU_UNIQUE: one for all libraries of the process
  std::uint64_t size = 0;
};

/// What a shared library declares, read without running its code and in the way the dynamic linker
/// reads it: by its program headers. Section headers, which the dynamic linker ignores, are only
/// used to find the manifest.
struct ElfImage {
  /// Section .pst_manifest, inside what is mapped; points into the file's bytes.
  std::optional<std::string_view> manifest;
  std::vector<ElfSymbol> exports;           ///< all defined symbols that are not local
  std::vector<std::string> needed;          ///< DT_NEEDED
  std::vector<std::string> forbidden_tags;  ///< dynamic tags that load or run more code
  bool has_run_path = false;
  bool has_text_relocations = false;
  bool has_thread_locals = false;     ///< a PT_TLS segment
  bool has_executable_stack = false;  ///< also if there is no PT_GNU_STACK
  bool has_writable_code = false;     ///< a segment is both writable and executable
};

/// Reads an ELF64 shared library for this machine's architecture. Every offset is checked: the file
/// may be hostile, cut off or edited. The error is a sentence. `bytes` must outlive the result.
Result<ElfImage, std::string> read_elf(std::string_view bytes);

}  // namespace penstock::loader
