#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <penstock/result.hpp>

namespace penstock::loader {

/// What a shared library says of itself, read without running any of its code.
struct ElfImage {
  std::optional<std::string_view>
      manifest;                      ///< section .pst_manifest; points into the file's bytes
  std::vector<std::string> exports;  ///< defined dynamic symbols
  std::vector<std::string> needed;   ///< DT_NEEDED
  bool has_run_path = false;
  bool has_text_relocations = false;
  bool has_thread_locals = false;  ///< a PT_TLS segment: the library could never be unloaded
  bool has_executable_stack = false;
};

/// Reads an ELF64 shared library of this machine's kind. Every offset is checked: the file may be
/// hostile. The error is a sentence. `bytes` must outlive the result.
Result<ElfImage, std::string> read_elf(std::string_view bytes);

}  // namespace penstock::loader
