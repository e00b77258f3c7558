// Our reader of ELF files against files that somebody cut, edited or made up. A small library is
// put together here, piece by piece, so that each piece can be wrong.
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/elf.hpp"

namespace penstock::loader {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t machine = EM_X86_64;
#else
constexpr std::uint16_t machine = EM_AARCH64;
#endif

/// The parts of a library with one export, at fixed places of a file of one page that is mapped
/// where it stands.
struct Library {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> segments;
  std::vector<Elf64_Dyn> dynamic;
  std::vector<Elf64_Sym> symbols;
  std::vector<std::uint32_t> hash;
  std::string strings = std::string("\0pst_plugin_v1\0libc.so.6\0helper\0", 32);
  std::vector<Elf64_Shdr> sections;
  std::string section_names = std::string("\0.pst_manifest\0.shstrtab\0", 25);
  std::string manifest = "{}";

  static constexpr std::uint64_t at_segments = 0x40, at_dynamic = 0x200, at_symbols = 0x400,
                                 at_hash = 0x600, at_strings = 0x700, at_manifest = 0x800,
                                 at_names = 0x900, at_sections = 0xa00, size = 0x1000;

  Library() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_machine = machine;
    header.e_phoff = at_segments;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_shoff = at_sections;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shstrndx = 2;
    segments = {{PT_LOAD, PF_R | PF_X, 0, 0, 0, size, size, 0x1000},
                {PT_DYNAMIC, PF_R, at_dynamic, at_dynamic, at_dynamic, 0, 0, 8},
                {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16}};
    dynamic = {tag(DT_STRTAB, at_strings),
               tag(DT_STRSZ, strings.size()),
               tag(DT_SYMTAB, at_symbols),
               tag(DT_SYMENT, sizeof(Elf64_Sym)),
               tag(DT_HASH, at_hash),
               tag(DT_NEEDED, 15),
               tag(DT_NULL, 0)};
    symbols = {{}, symbol(1, STB_GLOBAL, STT_OBJECT)};
    hash = {1, 2, 1, 0, 0};
    sections = {{},
                {1, SHT_PROGBITS, SHF_ALLOC, at_manifest, at_manifest, 2, 0, 0, 1, 0},
                {15, SHT_STRTAB, 0, 0, at_names, 25, 0, 0, 1, 0}};
  }

  static Elf64_Dyn tag(std::int64_t name, std::uint64_t value) {
    Elf64_Dyn out{};
    out.d_tag = name;
    out.d_un.d_val = value;
    return out;
  }
  static Elf64_Sym symbol(std::uint32_t name, unsigned binding, unsigned type) {
    Elf64_Sym out{};
    out.st_name = name;
    out.st_info = static_cast<unsigned char>(ELF64_ST_INFO(binding, type));
    out.st_shndx = 1;
    out.st_size = 72;
    return out;
  }
  void add(std::int64_t name, std::uint64_t value) {
    dynamic.insert(dynamic.begin(), tag(name, value));
  }

  std::string bytes() {
    std::string out(size, '\0');
    const auto put = [&](std::uint64_t at, const void* from, std::size_t length) {
      std::memcpy(out.data() + at, from, length);
    };
    header.e_phnum = static_cast<std::uint16_t>(segments.size());
    header.e_shnum = static_cast<std::uint16_t>(sections.size());
    for (Elf64_Phdr& segment : segments) {
      if (segment.p_type == PT_DYNAMIC && segment.p_filesz == 0)
        segment.p_filesz = segment.p_memsz = dynamic.size() * sizeof(Elf64_Dyn);
    }
    put(0, &header, sizeof header);
    put(at_segments, segments.data(), segments.size() * sizeof(Elf64_Phdr));
    put(at_dynamic, dynamic.data(), dynamic.size() * sizeof(Elf64_Dyn));
    put(at_symbols, symbols.data(), symbols.size() * sizeof(Elf64_Sym));
    put(at_hash, hash.data(), hash.size() * 4);
    put(at_strings, strings.data(), strings.size());
    put(at_manifest, manifest.data(), manifest.size());
    put(at_names, section_names.data(), section_names.size());
    put(at_sections, sections.data(), sections.size() * sizeof(Elf64_Shdr));
    return out;
  }
};

TEST(Elf, ReadsAWholeLibrary) {
  Library library;
  const std::string bytes = library.bytes();
  const auto image = read_elf(bytes);
  ASSERT_TRUE(image) << image.error();
  ASSERT_EQ(image->exports.size(), 1U);
  EXPECT_EQ(image->exports.front().name, "pst_plugin_v1");
  EXPECT_TRUE(image->exports.front().is_object);
  EXPECT_FALSE(image->exports.front().is_unique);
  EXPECT_EQ(image->exports.front().size, 72U);
  EXPECT_THAT(image->needed, ::testing::ElementsAre("libc.so.6"));
  EXPECT_EQ(image->manifest, "{}");
  EXPECT_FALSE(image->has_executable_stack);
  EXPECT_FALSE(image->has_run_path);
  EXPECT_FALSE(image->has_text_relocations);
  EXPECT_FALSE(image->has_thread_locals);
  EXPECT_FALSE(image->has_writable_code);
}

struct Edit {
  const char* name;
  std::function<void(Library&)> make;
};

/// What the linker would see and a reader of sections would not.
TEST(Elf, refuses_what_the_linker_would_read_otherwise) {
  const std::vector<Edit> edits = {
      {"no magic", [](Library& l) { l.header.e_ident[0] = 0; }},
      {"32 bits", [](Library& l) { l.header.e_ident[EI_CLASS] = ELFCLASS32; }},
      {"an executable", [](Library& l) { l.header.e_type = ET_EXEC; }},
      {"another machine", [](Library& l) { l.header.e_machine = EM_386; }},
      {"forbidden program headers", [](Library& l) { l.header.e_phentsize = 1; }},
      {"program headers outside", [](Library& l) { l.header.e_phoff = UINT64_MAX - 8; }},
      {"no segment", [](Library& l) { l.segments.clear(); }},
      {"no dynamic segment", [](Library& l) { l.segments.erase(l.segments.begin() + 1); }},
      {"two dynamic segments", [](Library& l) { l.segments.push_back(l.segments[1]); }},
      {"dynamic outside", [](Library& l) { l.segments[1].p_vaddr = 0x5000; }},
      {"dynamic huge", [](Library& l) { l.segments[1].p_filesz = UINT64_MAX / 2; }},
      {"dynamic without an end", [](Library& l) { l.dynamic.pop_back(); }},
      {"segment cut off", [](Library& l) { l.segments[0].p_filesz = 0x2000; }},
      {"segment smaller in memory", [](Library& l) { l.segments[0].p_memsz = 16; }},
      {"segments overlap", [](Library& l) { l.segments.push_back(l.segments[0]); }},
      {"segment wraps round",
       [](Library& l) {
         l.segments[0].p_memsz = UINT64_MAX;
         l.segments[0].p_vaddr = 16;
       }},
      {"no strings", [](Library& l) { l.dynamic[0].d_un.d_val = 0; }},
      {"strings outside", [](Library& l) { l.dynamic[0].d_un.d_val = 0x4000; }},
      {"strings too long", [](Library& l) { l.dynamic[1].d_un.d_val = 0x4000; }},
      {"symbols outside", [](Library& l) { l.dynamic[2].d_un.d_val = 0xff8; }},
      {"forbidden symbols", [](Library& l) { l.dynamic[3].d_un.d_val = 8; }},
      {"no hash", [](Library& l) { l.dynamic.erase(l.dynamic.begin() + 4); }},
      {"hash outside", [](Library& l) { l.dynamic[4].d_un.d_val = 0xffe; }},
      {"huge count of symbols", [](Library& l) { l.hash[1] = UINT32_MAX; }},
      {"hostile GNU hash",
       [](Library& l) {
         l.dynamic[4] = Library::tag(DT_GNU_HASH, Library::at_hash);
         l.hash = {UINT32_MAX, 1, UINT32_MAX, 0};
       }},
      {"GNU hash without an end",
       [](Library& l) {
         l.dynamic[4] = Library::tag(DT_GNU_HASH, Library::at_hash);
         l.hash = {1, 1, 0, 0, 1, 0, 0, 0};
         l.segments[0].p_filesz = l.segments[0].p_memsz = Library::at_hash + 28;
       }},
      {"needed name outside", [](Library& l) { l.dynamic[5].d_un.d_val = 999; }},
      {"symbol name outside", [](Library& l) { l.symbols[1].st_name = 999; }},
      {"two manifests", [](Library& l) { l.sections.push_back(l.sections[1]); }},
      {"manifest not mapped there", [](Library& l) { l.sections[1].sh_addr += 1; }},
      {"manifest outside", [](Library& l) { l.sections[1].sh_size = 0x10000; }},
      {"section names outside", [](Library& l) { l.sections[2].sh_offset = UINT64_MAX; }},
      {"section headers outside", [](Library& l) { l.header.e_shoff = 0x10000; }},
      {"forbidden section headers", [](Library& l) { l.header.e_shentsize = 8; }},
      {"section of names missing", [](Library& l) { l.header.e_shstrndx = 77; }},
  };
  for (const Edit& edit : edits) {
    Library library;
    edit.make(library);
    const std::string bytes = library.bytes();
    EXPECT_FALSE(read_elf(bytes)) << edit.name;
  }
}

/// What is well-formed, and still nothing to load.
TEST(Elf, SeesWhatTheLoaderRefuses) {
  const auto seen = [](const std::function<void(Library&)>& make) {
    Library library;
    make(library);
    const std::string bytes = library.bytes();
    auto image = read_elf(bytes);
    EXPECT_TRUE(image) << image.error();
    return image ? *std::move(image) : ElfImage();
  };
  EXPECT_TRUE(seen([](Library& l) { l.add(DT_RUNPATH, 1); }).has_run_path);
  EXPECT_TRUE(seen([](Library& l) { l.add(DT_RPATH, 1); }).has_run_path);
  EXPECT_TRUE(seen([](Library& l) { l.add(DT_TEXTREL, 0); }).has_text_relocations);
  EXPECT_TRUE(seen([](Library& l) { l.add(DT_FLAGS, DF_TEXTREL); }).has_text_relocations);
  EXPECT_FALSE(seen([](Library& l) { l.add(DT_FLAGS, DF_BIND_NOW); }).has_text_relocations);
  EXPECT_TRUE(seen([](Library& l) { l.segments[2].p_flags |= PF_X; }).has_executable_stack);
  EXPECT_TRUE(seen([](Library& l) { l.segments.pop_back(); }).has_executable_stack)
      << "nothing said means executable";
  EXPECT_TRUE(seen([](Library& l) { l.segments[0].p_flags |= PF_W; }).has_writable_code);
  EXPECT_TRUE(seen([](Library& l) { l.segments[2].p_type = PT_TLS; }).has_thread_locals);
  EXPECT_FALSE(seen([](Library& l) { l.header.e_shoff = 0, l.sections.clear(); }).manifest);
  for (const auto& [tag, name] : {std::pair{DT_AUXILIARY, "DT_AUXILIARY"},
                                  {DT_FILTER, "DT_FILTER"},
                                  {DT_AUDIT, "DT_AUDIT"},
                                  {DT_PREINIT_ARRAY, "DT_PREINIT_ARRAY"}}) {
    EXPECT_THAT(seen([tag = tag](Library& l) { l.add(tag, 1); }).forbidden_tags,
                ::testing::ElementsAre(name));
  }
  const auto two = seen([](Library& l) {
    l.symbols.push_back(Library::symbol(25, STB_GNU_UNIQUE, STT_OBJECT));
    l.symbols.push_back(Library::symbol(25, STB_LOCAL, STT_FUNC));
    l.symbols.push_back(Library::symbol(25, STB_WEAK, STT_GNU_IFUNC));
    l.hash[1] = 5;
  });
  ASSERT_EQ(two.exports.size(), 3U);
  EXPECT_TRUE(two.exports[1].is_unique);
  EXPECT_EQ(two.exports[1].name, "helper");
  EXPECT_FALSE(two.exports[2].is_object);
}

/// Sections lie; the linker never looks at them. The one that names other dynamic entries is a lie.
TEST(Elf, IsNotToldByTheSectionTable) {
  Library library;
  library.add(DT_RUNPATH, 1);
  library.sections.push_back({0, SHT_DYNAMIC, 0, 0, 0, 0, 0, 0, 8, 16});
  const std::string bytes = library.bytes();
  const auto image = read_elf(bytes);
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->has_run_path);
}

/// No crash, no endless loop, no read outside: for the sanitizers, mostly.
TEST(Elf, survives_every_cut_and_every_changed_byte) {
  Library library;
  const std::string whole = library.bytes();
  for (std::size_t length = 0; length < whole.size(); length += length < 0xb00 ? 1 : 64)
    EXPECT_FALSE(read_elf(whole.substr(0, length))) << length;
  for (std::size_t at = 0; at < 0xb00; ++at) {
    for (const char value : {'\0', '\x01', '\x7f', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = value;
      (void)read_elf(bytes);
    }
  }
}

}  // namespace
}  // namespace penstock::loader
