#include "loader/elf.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <elf.h>

#include <penstock/sdk/plugin_abi.h>

namespace penstock::loader {
namespace {

#if defined(__x86_64__)
constexpr unsigned this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned this_machine = EM_AARCH64;
#else
#error "Penstock loads plugins on x86-64 and AArch64"
#endif

constexpr std::size_t max_entries = 65536;  ///< per table

struct Malformed {
  const char* what;
};

/// The file's bytes. Access outside of them throws Malformed, which read_elf() catches.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}

  std::size_t size() const { return all_.size(); }

  std::string_view range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > all_.size() || size > all_.size() - offset)
      throw Malformed{"it is truncated or malformed"};
    return all_.substr(offset, size);
  }

  /// A table of plain structs. Copied out, because the file's alignment cannot be trusted.
  template <class T>
  std::vector<T> table(std::uint64_t offset, std::uint64_t count) const {
    if (count > max_entries) throw Malformed{"one of its tables is too large"};
    const std::string_view found = range(offset, count * sizeof(T));
    std::vector<T> out(count);
    if (count > 0) std::memcpy(out.data(), found.data(), found.size());
    return out;
  }

 private:
  std::string_view all_;
};

/// The file's bytes by the address at which the dynamic linker maps them.
class Mapping {
 public:
  Mapping(const Bytes& bytes, std::span<const Elf64_Phdr> segments) : bytes_(bytes) {
    std::uint64_t end = 0;
    for (const Elf64_Phdr& segment : segments) {
      if (segment.p_type != PT_LOAD) continue;
      (void)bytes.range(segment.p_offset, segment.p_filesz);  // else its pages raise SIGBUS
      if (segment.p_memsz < segment.p_filesz || segment.p_vaddr < end ||
          segment.p_vaddr > UINT64_MAX - segment.p_memsz)
        throw Malformed{"its segments overlap or are out of order"};
      end = segment.p_vaddr + segment.p_memsz;
      loads_.push_back(segment);
    }
    if (loads_.empty()) throw Malformed{"it has no segment to load"};
  }

  /// The file offset of `size` mapped bytes at `address`.
  std::uint64_t offset_of(std::uint64_t address, std::uint64_t size) const {
    for (const Elf64_Phdr& load : loads_) {
      if (address < load.p_vaddr || address - load.p_vaddr >= load.p_filesz) continue;
      if (size > load.p_filesz - (address - load.p_vaddr)) break;
      return load.p_offset + (address - load.p_vaddr);
    }
    throw Malformed{"it points outside its loaded segments"};
  }

  std::string_view range(std::uint64_t address, std::uint64_t size) const {
    return bytes_.range(offset_of(address, size), size);
  }

  template <class T>
  std::vector<T> table(std::uint64_t address, std::uint64_t count) const {
    if (count > max_entries) throw Malformed{"one of its tables is too large"};
    if (count == 0) return {};
    return bytes_.table<T>(offset_of(address, count * sizeof(T)), count);
  }

 private:
  const Bytes& bytes_;
  std::vector<Elf64_Phdr> loads_;
};

std::string_view string_at(std::string_view strings, std::uint64_t offset) {
  const std::size_t end = offset < strings.size() ? strings.find('\0', offset) : strings.npos;
  if (end == strings.npos) throw Malformed{"one of its names is outside its string table"};
  return strings.substr(offset, end - offset);
}

/// The relevant entries of the dynamic section, found in the way the dynamic linker finds them.
struct Dynamic {
  std::uint64_t strings = 0, strings_size = 0, symbols = 0, symbol_size = 0;
  std::uint64_t hash = 0, gnu_hash = 0;
  std::vector<std::uint64_t> needed;
};

void read_tag(const Elf64_Dyn& entry, Dynamic& out, ElfImage& image) {
  // Each of these loads or runs code that neither DT_NEEDED nor the entry shows.
  constexpr std::array<std::pair<std::int64_t, const char*>, 6> forbidden = {
      {{DT_AUXILIARY, "DT_AUXILIARY"},
       {DT_FILTER, "DT_FILTER"},
       {DT_AUDIT, "DT_AUDIT"},
       {DT_DEPAUDIT, "DT_DEPAUDIT"},
       {DT_CONFIG, "DT_CONFIG"},
       {DT_PREINIT_ARRAY, "DT_PREINIT_ARRAY"}}};
  const std::uint64_t value = entry.d_un.d_val;
  switch (entry.d_tag) {
  case DT_STRTAB:
    out.strings = value;
    return;
  case DT_STRSZ:
    out.strings_size = value;
    return;
  case DT_SYMTAB:
    out.symbols = value;
    return;
  case DT_SYMENT:
    out.symbol_size = value;
    return;
  case DT_HASH:
    out.hash = value;
    return;
  case DT_GNU_HASH:
    out.gnu_hash = value;
    return;
  case DT_NEEDED:
    out.needed.push_back(value);
    return;
  case DT_RPATH:
  case DT_RUNPATH:
    image.has_run_path = true;
    return;
  case DT_TEXTREL:
    image.has_text_relocations = true;
    return;
  case DT_FLAGS:
    image.has_text_relocations = image.has_text_relocations || (value & DF_TEXTREL) != 0;
    return;
  default:
    break;
  }
  const auto known =
      std::ranges::find(forbidden, entry.d_tag, [](const auto& tag) { return tag.first; });
  if (known != forbidden.end()) image.forbidden_tags.emplace_back(known->second);
}

Dynamic read_dynamic(const Mapping& memory, const Elf64_Phdr& segment, ElfImage& image) {
  Dynamic out;
  const auto entries =
      memory.table<Elf64_Dyn>(segment.p_vaddr, segment.p_filesz / sizeof(Elf64_Dyn));
  const auto end = std::ranges::find(entries, DT_NULL, &Elf64_Dyn::d_tag);
  if (end == entries.end()) throw Malformed{"its dynamic section has no end"};
  for (auto entry = entries.begin(); entry != end; ++entry)
    read_tag(*entry, out, image);
  if (out.strings == 0 || out.symbols == 0 || out.symbol_size != sizeof(Elf64_Sym))
    throw Malformed{"its dynamic section names no symbols"};
  return out;
}

/// DT_GNU_HASH does not store the number of symbols: the last symbol ends the last chain.
std::uint64_t gnu_symbol_count(const Mapping& memory, std::uint64_t address) {
  const auto head = memory.table<std::uint32_t>(address, 4);
  const std::uint64_t buckets = head[0], first = head[1], bloom_words = head[2];
  if (buckets > max_entries || bloom_words > max_entries)
    throw Malformed{"one of its tables is too large"};
  const std::uint64_t table = address + 16 + bloom_words * 8;
  std::uint64_t last = 0;
  for (const std::uint32_t bucket : memory.table<std::uint32_t>(table, buckets))
    last = std::max<std::uint64_t>(last, bucket);
  if (last == 0) return first;
  if (last < first) throw Malformed{"its symbol hash is malformed"};
  const std::uint64_t chains = table + buckets * 4;
  for (; last < max_entries; ++last) {
    const auto chain = memory.table<std::uint32_t>(chains + (last - first) * 4, 1);
    if ((chain.front() & 1U) != 0) return last + 1;
  }
  throw Malformed{"one of its tables is too large"};
}

std::uint64_t symbol_count(const Mapping& memory, const Dynamic& dynamic) {
  if (dynamic.hash == 0 && dynamic.gnu_hash == 0) throw Malformed{"it has no symbol hash"};
  std::uint64_t count = 0;
  if (dynamic.hash != 0) count = memory.table<std::uint32_t>(dynamic.hash, 2)[1];
  if (dynamic.gnu_hash != 0) count = std::max(count, gnu_symbol_count(memory, dynamic.gnu_hash));
  return count;
}

void read_symbols(const Mapping& memory, const Dynamic& dynamic, std::string_view strings,
                  ElfImage& image) {
  for (const Elf64_Sym& symbol :
       memory.table<Elf64_Sym>(dynamic.symbols, symbol_count(memory, dynamic))) {
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
    image.exports.push_back({std::string(string_at(strings, symbol.st_name)),
                             ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT, binding == STB_GNU_UNIQUE,
                             symbol.st_size});
  }
}

/// Finds the manifest, the only section that is looked up by name. It must be part of what is
/// mapped, or it might differ from what the plugin exposes.
std::optional<std::string_view> find_manifest(const Bytes& bytes, const Mapping& memory,
                                              const Elf64_Ehdr& elf) {
  if (elf.e_shnum == 0) return std::nullopt;
  if (elf.e_shentsize != sizeof(Elf64_Shdr)) throw Malformed{"its section headers are malformed"};
  const auto sections = bytes.table<Elf64_Shdr>(elf.e_shoff, elf.e_shnum);
  if (elf.e_shstrndx >= sections.size()) throw Malformed{"its section headers are malformed"};
  const Elf64_Shdr& name_section = sections[elf.e_shstrndx];
  const std::string_view names = bytes.range(name_section.sh_offset, name_section.sh_size);

  std::optional<std::string_view> found;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_PROGBITS ||
        string_at(names, section.sh_name) != PST_MANIFEST_SECTION)
      continue;
    if (found) throw Malformed{"it has two manifest sections"};
    if (memory.offset_of(section.sh_addr, section.sh_size) != section.sh_offset)
      throw Malformed{"its manifest section is not in a loaded segment"};
    found = bytes.range(section.sh_offset, section.sh_size);
  }
  return found;
}

Elf64_Ehdr read_header(const Bytes& bytes) {
  if (bytes.size() < SELFMAG || bytes.range(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
    throw Malformed{"it is not an ELF file"};
  const Elf64_Ehdr elf = bytes.table<Elf64_Ehdr>(0, 1).front();
  if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
      elf.e_type != ET_DYN)
    throw Malformed{"it is not a 64-bit little-endian shared library"};
  if (elf.e_machine != this_machine) throw Malformed{"it is built for another kind of machine"};
  if (elf.e_phentsize != sizeof(Elf64_Phdr)) throw Malformed{"its program headers are malformed"};
  return elf;
}

ElfImage read(const Bytes& bytes) {
  const Elf64_Ehdr elf = read_header(bytes);
  const auto segments = bytes.table<Elf64_Phdr>(elf.e_phoff, elf.e_phnum);
  const Mapping memory(bytes, segments);

  ElfImage image;
  image.has_executable_stack = true;  // the dynamic linker's default without PT_GNU_STACK
  const Elf64_Phdr* dynamic_segment = nullptr;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_TLS) image.has_thread_locals = true;
    if (segment.p_type == PT_GNU_STACK) image.has_executable_stack = (segment.p_flags & PF_X) != 0;
    if (segment.p_type == PT_LOAD && (segment.p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
      image.has_writable_code = true;
    if (segment.p_type != PT_DYNAMIC) continue;
    if (dynamic_segment != nullptr) throw Malformed{"it has two dynamic segments"};
    dynamic_segment = &segment;
  }
  if (dynamic_segment == nullptr) throw Malformed{"it has no dynamic segment"};
  const Dynamic dynamic = read_dynamic(memory, *dynamic_segment, image);
  const std::string_view strings = memory.range(dynamic.strings, dynamic.strings_size);
  for (const std::uint64_t name : dynamic.needed)
    image.needed.emplace_back(string_at(strings, name));
  read_symbols(memory, dynamic, strings, image);
  image.manifest = find_manifest(bytes, memory, elf);
  return image;
}

}  // namespace

Result<ElfImage, std::string> read_elf(std::string_view all) {
  try {
    return read(Bytes(all));
  } catch (const Malformed& error) {
    return failure(std::string(error.what));
  }
}

}  // namespace penstock::loader
