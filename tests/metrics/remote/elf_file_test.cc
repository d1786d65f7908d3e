#include "metrics/remote/elf_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "metrics/remote/process_memory.h"
#include "tests/catch.h"
#include "tests/fake_clock.h"
#include "tests/scratch_directory.h"

/// Known to the symbol table alone.
extern "C" int leak_exporter_test_symbol;
int leak_exporter_test_symbol = 42;

namespace leak_exporter {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

/// A file with a header, section headers, and what a test writes besides.
class MadeUpElf {
 public:
  MadeUpElf() {
    header_ = Elf64_Ehdr{};
    std::memcpy(header_.e_ident, ELFMAG, SELFMAG);
    header_.e_ident[EI_CLASS] = ELFCLASS64;
    header_.e_ident[EI_DATA] = ELFDATA2LSB;
    header_.e_shoff = sizeof(Elf64_Ehdr);
    header_.e_shentsize = sizeof(Elf64_Shdr);
    // The names of all sections: empty.
    AddSection(SHT_STRTAB, std::string(1, '\0'));
  }

  /// Appends a section with this content. Returns its number.
  uint32_t AddSection(uint32_t type, std::string content, uint32_t link = 0) {
    Elf64_Shdr section{};
    section.sh_type = type;
    section.sh_offset = kContent + content_.size();
    section.sh_size = content.size();
    section.sh_link = link;
    sections_.push_back(section);
    content_ += content;
    return static_cast<uint32_t>(sections_.size() - 1);
  }
  Elf64_Shdr& section(uint32_t number) { return sections_[number]; }

  /// Makes a section the one that has the names of sections.
  void UseNames(uint32_t section) {
    header_.e_shstrndx = static_cast<uint16_t>(section);
  }
  /// Makes the file this large without writing anything.
  void StretchTo(uint64_t size) { size_ = size; }

  Result<ElfFileTables> Read(const std::vector<std::string_view>& wanted,
                             const Deadline& deadline) {
    header_.e_shnum = static_cast<uint16_t>(sections_.size());
    std::string text(reinterpret_cast<const char*>(&header_), sizeof(header_));
    text.append(reinterpret_cast<const char*>(sections_.data()),
                sections_.size() * sizeof(Elf64_Shdr));
    text.resize(kContent);
    const std::string path = directory_.path() + "/elf";
    std::ofstream(path, std::ios::binary) << text << content_;
    if (size_ > 0) {
      REQUIRE(::truncate(path.c_str(), static_cast<off_t>(size_)) == 0);
    }
    const FileMemory file(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
                          path);
    return ReadElfFile(file, wanted, deadline);
  }
  Result<ElfFileTables> Read(const std::vector<std::string_view>& wanted) {
    const SystemClock clock;
    return Read(wanted, Deadline::Never(clock));
  }

 private:
  static constexpr size_t kContent = size_t{512} * 1024;

  ScratchDirectory directory_;
  Elf64_Ehdr header_;
  std::vector<Elf64_Shdr> sections_;
  std::string content_;
  uint64_t size_ = 0;
};

std::string Symbol(uint32_t name, uint64_t value, uint16_t section = 1) {
  Elf64_Sym symbol{};
  symbol.st_name = name;
  symbol.st_value = value;
  symbol.st_size = 8;
  symbol.st_shndx = section;
  return {reinterpret_cast<const char*>(&symbol), sizeof(symbol)};
}

uint64_t PeakResidentKibibytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<uint64_t>(used.ru_maxrss);
}

TEST_CASE("elf file: the symbol table and the sections of a real program") {
  const ProcessMemory memory(::getpid());
  Dl_info info{};
  REQUIRE(::dladdr(&leak_exporter_test_symbol, &info) != 0);
  const auto elf = LoadedElf::Open(
      memory, RemoteAddr{reinterpret_cast<uint64_t>(info.dli_fbase)});
  REQUIRE(elf.has_value());
  const FileMemory file(
      UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)),
      "/proc/self/exe");
  const SystemClock clock;
  const auto tables =
      ReadElfFile(file, {"leak_exporter_test_symbol"}, Deadline::Never(clock));
  REQUIRE(tables.has_value());
  REQUIRE(tables->symbols.size() == 1);
  const ElfLocation symbol = tables->symbols.at("leak_exporter_test_symbol");
  CHECK(symbol.size == sizeof(int));
  CHECK(symbol.address + elf->bias() ==
        RemoteAddr{reinterpret_cast<uint64_t>(&leak_exporter_test_symbol)});
  CHECK(tables->sections.count(".text") == 1);
}

TEST_CASE(
    "elf file: symbols are found wherever their table is cut into pieces") {
  MadeUpElf elf;
  // "arenas" is the end of "usable_arenas", as linkers share ends.
  std::string strings(1, '\0');
  strings.append(65'530, 'x');
  strings += '\0';
  const auto usable = static_cast<uint32_t>(strings.size());
  strings += std::string("usable_arenas") + '\0';
  const auto other = static_cast<uint32_t>(strings.size());
  strings += std::string("arenas_") + '\0';
  const uint32_t link = elf.AddSection(SHT_STRTAB, strings);
  std::string symbols;
  for (uint64_t i = 0; i < 2730; ++i) symbols += Symbol(other, i);
  symbols += Symbol(usable, 7);      // Across the end of the first piece.
  symbols += Symbol(usable + 7, 8);  // "arenas"
  symbols += Symbol(usable + 8, 9);  // "renas"
  symbols += Symbol(usable + 7, 10, SHN_UNDEF);
  elf.AddSection(SHT_SYMTAB, symbols, link);
  const auto tables = elf.Read({"usable_arenas", "arenas", "_PyRuntime"});
  REQUIRE(tables.has_value());
  REQUIRE(tables->symbols.size() == 2);
  CHECK(tables->symbols.at("usable_arenas").address == RemoteAddr{7});
  CHECK(tables->symbols.at("arenas").address == RemoteAddr{8});
}

TEST_CASE("elf file: many large tables in a sparse file cost nothing") {
  MadeUpElf elf;
  const uint32_t link = elf.AddSection(SHT_STRTAB, std::string(16, '\0'));
  for (int i = 0; i < 60; ++i) {
    const uint32_t table = elf.AddSection(SHT_SYMTAB, {}, link);
    elf.section(table).sh_offset = kMebibyte;
    elf.section(table).sh_size = 60 * kMebibyte;
  }
  elf.StretchTo(300 * kMebibyte);
  const uint64_t before = PeakResidentKibibytes();
  const auto tables = elf.Read({"_PyRuntime"});
  REQUIRE_FALSE(tables.has_value());
  CHECK_THAT(tables.error().message,
             ContainsSubstring("that the file does not hold"));
  CHECK(PeakResidentKibibytes() - before < 4096);
}

TEST_CASE("elf file: long names of many sections cost nothing") {
  MadeUpElf elf;
  // One text without an end but the table's, in which all names begin.
  const uint32_t names =
      elf.AddSection(SHT_STRTAB, std::string(65'000, 'x') + ".PyRuntime");
  for (uint32_t i = 0; i < 4000; ++i) {
    const uint32_t section = elf.AddSection(SHT_PROGBITS, {});
    elf.section(section).sh_name = i;
  }
  const uint32_t last = elf.AddSection(SHT_PROGBITS, {});
  elf.section(last).sh_name = 65'000;
  elf.section(last).sh_addr = 7;
  elf.UseNames(names);
  const uint64_t before = PeakResidentKibibytes();
  const auto tables = elf.Read({"_PyRuntime"});
  REQUIRE(tables);
  CHECK(tables->sections.at(".PyRuntime").address == RemoteAddr{7});
  CHECK(tables->sections.size() == 2);
  CHECK(PeakResidentKibibytes() - before < 4096);
}

TEST_CASE("elf file: a name that is there a thousand times is refused") {
  MadeUpElf elf;
  std::string strings;
  for (int i = 0; i < 5000; ++i) strings += std::string("a\0", 2);
  const uint32_t link = elf.AddSection(SHT_STRTAB, strings);
  elf.AddSection(SHT_SYMTAB, Symbol(2, 5), link);
  const auto tables = elf.Read({"a"});
  REQUIRE_FALSE(tables);
  CHECK_THAT(tables.error().message, ContainsSubstring("too many names"));
}

TEST_CASE("elf file: tables beyond their bounds are refused") {
  MadeUpElf elf;
  const uint32_t link = elf.AddSection(SHT_STRTAB, std::string(16, '\0'));
  const uint32_t table = elf.AddSection(SHT_SYMTAB, Symbol(1, 1), link);
  REQUIRE(elf.Read({"a"}).has_value());
  SECTION("the symbol table") { elf.section(table).sh_size = 65 * kMebibyte; }
  SECTION("its strings") { elf.section(link).sh_size = 65 * kMebibyte; }
  SECTION("past the end of the file") { elf.section(table).sh_size = 4096; }
  SECTION("an offset that wraps") {
    elf.section(table).sh_offset = ~uint64_t{0} - 8;
  }
  SECTION("the names of the sections") { elf.section(0).sh_size = 65'537; }
  SECTION("strings in no section") { elf.section(table).sh_link = 99; }
  CHECK_FALSE(elf.Read({"a"}).has_value());
}

TEST_CASE("elf file: the second symbol table is not read") {
  MadeUpElf elf;
  const uint32_t link = elf.AddSection(SHT_STRTAB, std::string("\0a\0", 3));
  elf.AddSection(SHT_SYMTAB, Symbol(1, 5), link);
  elf.AddSection(SHT_SYMTAB, Symbol(1, 6), link);
  const auto tables = elf.Read({"a"});
  REQUIRE(tables.has_value());
  CHECK(tables->symbols.at("a").address == RemoteAddr{5});
}

TEST_CASE("elf file: reading ends at the deadline") {
  MadeUpElf elf;
  const uint32_t link = elf.AddSection(SHT_STRTAB, std::string(16, '\0'));
  elf.AddSection(SHT_SYMTAB, Symbol(1, 1), link);
  const FakeClock clock{std::chrono::seconds(1)};
  const auto tables = elf.Read({"a"}, Deadline(clock, clock.Now()));
  REQUIRE_FALSE(tables.has_value());
  CHECK(tables.error().code == ETIMEDOUT);
}

}  // namespace
}  // namespace leak_exporter
