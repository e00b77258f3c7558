#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::loader {

/// A symbol that a shared library shows to the dynamic linker.
struct ElfSymbol {
  std::string name;
  bool is_object = false;  ///< data; not a function, nor one that a resolver picks at load
  bool is_unique = false;  ///< STB_GNU_UNIQUE: one for all libraries of the process
  std::uint64_t size = 0;
};

/// What a shared library says of itself, read without running any of its code, and read as the
/// dynamic linker reads it: by its program headers. Section headers, which the linker never looks
/// at, tell only where the manifest is.
struct ElfImage {
  /// Section .pst_manifest, inside what gets mapped; points into the file's bytes.
  std::optional<std::string_view> manifest;
  std::vector<ElfSymbol> exports;     ///< everything defined that is not local
  std::vector<std::string> needed;    ///< DT_NEEDED
  std::vector<std::string> odd_tags;  ///< names of dynamic tags that load or run more
  bool has_run_path = false;
  bool has_text_relocations = false;
  bool has_thread_locals = false;     ///< a PT_TLS segment
  bool has_executable_stack = false;  ///< also where no PT_GNU_STACK says that it has none
  bool has_writable_code = false;     ///< a segment that can be written and executed
};

/// Reads an ELF64 shared library of this machine's kind. Every offset is checked: the file may be
/// hostile, cut off or edited. The error is a sentence. `bytes` must outlive the result.
Result<ElfImage, std::string> read_elf(std::string_view bytes);

}  // namespace penstock::loader
