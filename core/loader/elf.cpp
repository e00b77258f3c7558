#include "loader/elf.hpp"

#include <cstdint>
#include <cstring>
#include <span>

#include <elf.h>

#include <penstock/plugin_abi.h>

namespace penstock::loader {
namespace {

#if defined(__x86_64__)
constexpr unsigned this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned this_machine = EM_AARCH64;
#else
#error "Penstock loads plugins on x86-64 and AArch64"
#endif

constexpr std::size_t most_entries = 65536;

class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}

  std::optional<std::string_view> range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > all_.size() || size > all_.size() - offset) return std::nullopt;
    return all_.substr(offset, size);
  }

  /// A table of plain structs, copied out: the file's alignment is not to be trusted.
  template <class T>
  std::optional<std::vector<T>> table(std::uint64_t offset, std::uint64_t count) const {
    if (count > most_entries) return std::nullopt;
    const auto found = range(offset, count * sizeof(T));
    if (!found) return std::nullopt;
    std::vector<T> out(count);
    if (count > 0) std::memcpy(out.data(), found->data(), found->size());
    return out;
  }

 private:
  std::string_view all_;
};

std::string_view string_at(std::string_view strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  const std::string_view rest = strings.substr(offset);
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

const Elf64_Shdr* linked(std::span<const Elf64_Shdr> sections, const Elf64_Shdr& section) {
  return section.sh_link < sections.size() ? &sections[section.sh_link] : nullptr;
}

void read_symbols(const Bytes& bytes, std::span<const Elf64_Shdr> sections,
                  const Elf64_Shdr& section, ElfImage& image) {
  const Elf64_Shdr* names = linked(sections, section);
  const auto strings =
      names == nullptr ? std::nullopt : bytes.range(names->sh_offset, names->sh_size);
  const auto symbols =
      bytes.table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym));
  if (!strings || !symbols) return;
  for (const Elf64_Sym& symbol : *symbols) {
    const std::string_view name = string_at(*strings, symbol.st_name);
    if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL &&
        !name.empty()) {
      image.exports.emplace_back(name);
    }
  }
}

void read_dynamic(const Bytes& bytes, std::span<const Elf64_Shdr> sections,
                  const Elf64_Shdr& section, ElfImage& image) {
  const Elf64_Shdr* names = linked(sections, section);
  const auto strings =
      names == nullptr ? std::nullopt : bytes.range(names->sh_offset, names->sh_size);
  const auto entries =
      bytes.table<Elf64_Dyn>(section.sh_offset, section.sh_size / sizeof(Elf64_Dyn));
  if (!strings || !entries) return;
  for (const Elf64_Dyn& entry : *entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_NEEDED) image.needed.emplace_back(string_at(*strings, entry.d_un.d_val));
    if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) image.has_run_path = true;
    if (entry.d_tag == DT_TEXTREL) image.has_text_relocations = true;
    if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)
      image.has_text_relocations = true;
  }
}

}  // namespace

Result<ElfImage, std::string> read_elf(std::string_view all) {
  const Bytes bytes(all);
  const auto header = bytes.table<Elf64_Ehdr>(0, 1);
  if (!header || std::memcmp(header->front().e_ident, ELFMAG, SELFMAG) != 0) {
    return failure(std::string("it is not an ELF file"));
  }
  const Elf64_Ehdr& elf = header->front();
  if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
      elf.e_type != ET_DYN) {
    return failure(std::string("it is not a 64-bit little-endian shared library"));
  }
  if (elf.e_machine != this_machine)
    return failure(std::string("it is built for another kind of machine"));
  if (elf.e_shentsize != sizeof(Elf64_Shdr) || elf.e_phentsize != sizeof(Elf64_Phdr)) {
    return failure(std::string("its headers are malformed"));
  }
  const auto sections = bytes.table<Elf64_Shdr>(elf.e_shoff, elf.e_shnum);
  const auto segments = bytes.table<Elf64_Phdr>(elf.e_phoff, elf.e_phnum);
  if (!sections || !segments || elf.e_shstrndx >= sections->size()) {
    return failure(std::string("it is cut off or malformed"));
  }
  const Elf64_Shdr& name_section = (*sections)[elf.e_shstrndx];
  const auto section_names = bytes.range(name_section.sh_offset, name_section.sh_size);
  if (!section_names) return failure(std::string("it is cut off or malformed"));

  ElfImage image;
  for (const Elf64_Shdr& section : *sections) {
    if (section.sh_type == SHT_DYNSYM) read_symbols(bytes, *sections, section, image);
    if (section.sh_type == SHT_DYNAMIC) read_dynamic(bytes, *sections, section, image);
    if (section.sh_type == SHT_PROGBITS &&
        string_at(*section_names, section.sh_name) == PST_MANIFEST_SECTION) {
      image.manifest = bytes.range(section.sh_offset, section.sh_size);
    }
  }
  for (const Elf64_Phdr& segment : *segments) {
    if (segment.p_type == PT_TLS) image.has_thread_locals = true;
    if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0)
      image.has_executable_stack = true;
  }
  return image;
}

}  // namespace penstock::loader
