#include "metrics/remote/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "metrics/remote/elf_header.h"

namespace leak_exporter {
namespace {

constexpr size_t kMaxSections = 4096;
constexpr uint64_t kMaxSectionNameBytes = uint64_t{64} * 1024;
// The largest interpreters that are known, with debugging symbols, have tables
// of a few MiB.
constexpr uint64_t kMaxTableBytes = uint64_t{64} << 20;
constexpr size_t kPieceBytes = size_t{64} * 1024;

tl::unexpected<Error> Bad(const std::string& why) {
  return tl::unexpected<Error>(BadElf(why));
}

Result<void> CheckTable(const FileMemory& file, const Elf64_Shdr& section,
                        uint64_t most_bytes, const char* what) {
  if (section.sh_size > most_bytes) {
    return Bad(std::string(what) + " of " + std::to_string(section.sh_size) +
               " bytes");
  }
  const auto written =
      file.IsWritten(RemoteAddr{section.sh_offset}, section.sh_size);
  if (!written) return tl::unexpected<Error>(written.error());
  if (!*written) {
    return Bad(std::string(what) + " that the file does not hold");
  }
  return {};
}

/// Calls `use` with one piece of the section after another, and with the place
/// of the piece in the section. A piece begins with the last `overlap` bytes of
/// the piece before it.
template <typename Use>
Result<void> ReadPieces(const FileMemory& file, const Elf64_Shdr& section,
                        size_t overlap, const Deadline& deadline,
                        const Use& use) {
  std::vector<char> piece;
  size_t kept = 0;
  for (uint64_t at = 0; at < section.sh_size;) {
    if (deadline.Expired()) {
      return Failure(ETIMEDOUT, "ELF file: not read before the deadline");
    }
    const size_t more = std::min<uint64_t>(kPieceBytes, section.sh_size - at);
    piece.resize(kept + more);
    const auto read =
        file.ReadExact(RemoteAddr{section.sh_offset} + at,
                       std::as_writable_bytes(std::span(piece).subspan(kept)));
    if (!read) return tl::unexpected<Error>(read.error());
    use(std::string_view(piece.data(), piece.size()), at - kept);
    at += more;
    kept = std::min(overlap, piece.size());
    std::copy(piece.end() - static_cast<ptrdiff_t>(kept), piece.end(),
              piece.begin());
  }
  return {};
}

/// The wanted names by where they are in a string table. A name may be the end
/// of a longer string there, because linkers share such ends.
using NamesByOffset = std::map<uint64_t, std::string_view>;
// A string table has each of them once.
constexpr size_t kMostNames = 4096;

Result<NamesByOffset> FindNames(const FileMemory& file,
                                const Elf64_Shdr& strings,
                                const std::vector<std::string_view>& wanted,
                                const Deadline& deadline) {
  size_t longest = 0;
  for (const std::string_view name : wanted) {
    longest = std::max(longest, name.size());
  }
  NamesByOffset names;
  const auto read =
      ReadPieces(file, strings, longest, deadline,
                 [&](std::string_view piece, uint64_t offset) {
                   for (const std::string_view name : wanted) {
                     const std::string text = std::string(name) + '\0';
                     for (size_t at = piece.find(text);
                          at != piece.npos && names.size() < kMostNames;
                          at = piece.find(text, at + 1)) {
                       names.emplace(offset + at, name);
                     }
                   }
                 });
  if (!read) return tl::unexpected<Error>(read.error());
  if (names.size() == kMostNames) return Bad("too many names");
  return names;
}

Result<void> ReadSymbols(const FileMemory& file,
                         const std::vector<Elf64_Shdr>& sections,
                         const Elf64_Shdr& table,
                         const std::vector<std::string_view>& wanted,
                         const Deadline& deadline, ElfFileTables& tables) {
  if (table.sh_link >= sections.size()) return Bad("no string table");
  const Elf64_Shdr& strings = sections[table.sh_link];
  for (const Elf64_Shdr* const section : {&strings, &table}) {
    const auto checked =
        CheckTable(file, *section, kMaxTableBytes, "a symbol table");
    if (!checked) return checked;
  }
  const auto names = FindNames(file, strings, wanted, deadline);
  if (!names) return tl::unexpected<Error>(names.error());
  // A piece may end within an entry. The next one then begins with that part.
  return ReadPieces(
      file, table, sizeof(Elf64_Sym) - 1, deadline,
      [&](std::string_view piece, uint64_t offset) {
        size_t at = (sizeof(Elf64_Sym) - offset % sizeof(Elf64_Sym)) %
                    sizeof(Elf64_Sym);
        for (; at + sizeof(Elf64_Sym) <= piece.size();
             at += sizeof(Elf64_Sym)) {
          Elf64_Sym symbol;
          std::memcpy(&symbol, piece.data() + at, sizeof(symbol));
          const auto name = names->find(symbol.st_name);
          if (symbol.st_shndx == SHN_UNDEF || name == names->end()) continue;
          tables.symbols[std::string(name->second)] = {
              RemoteAddr{symbol.st_value}, symbol.st_size};
        }
      });
}

Result<std::string> ReadSectionNames(const FileMemory& file,
                                     const std::vector<Elf64_Shdr>& sections,
                                     size_t index) {
  if (index >= sections.size()) return Bad("no string table");
  const Elf64_Shdr& section = sections[index];
  const auto checked =
      CheckTable(file, section, kMaxSectionNameBytes, "section names");
  if (!checked) return tl::unexpected<Error>(checked.error());
  std::string names(static_cast<size_t>(section.sh_size), '\0');
  const auto read = file.ReadExact(RemoteAddr{section.sh_offset},
                                   std::as_writable_bytes(std::span(names)));
  if (!read) return tl::unexpected<Error>(read.error());
  return names;
}

std::string NameAt(const std::string& names, size_t offset) {
  // Sections have short names. Any longer one is not looked for.
  constexpr size_t kMostBytes = 64;
  if (offset >= names.size()) return "";
  const size_t length =
      std::min(names.find('\0', offset), names.size()) - offset;
  return length <= kMostBytes ? names.substr(offset, length) : "";
}

}  // namespace

Result<ElfFileTables> ReadElfFile(const FileMemory& file,
                                  const std::vector<std::string_view>& wanted,
                                  const Deadline& deadline) {
  const auto header = ReadElfHeader(file, RemoteAddr{0});
  if (!header) return tl::unexpected<Error>(header.error());
  if (header->e_shnum > kMaxSections ||
      header->e_shentsize != sizeof(Elf64_Shdr)) {
    return Bad("bad section headers");
  }
  std::vector<Elf64_Shdr> sections(header->e_shnum);
  const auto read = file.ReadExact(RemoteAddr{header->e_shoff},
                                   std::as_writable_bytes(std::span(sections)));
  if (!read) return tl::unexpected<Error>(read.error());
  const auto names = ReadSectionNames(file, sections, header->e_shstrndx);
  if (!names) return tl::unexpected<Error>(names.error());
  ElfFileTables tables;
  for (const Elf64_Shdr& section : sections) {
    tables.sections[NameAt(*names, section.sh_name)] = {
        RemoteAddr{section.sh_addr}, section.sh_size};
  }
  // A file has one symbol table (System V ABI, "Sections").
  const auto table =
      std::ranges::find(sections, Elf64_Word{SHT_SYMTAB}, &Elf64_Shdr::sh_type);
  if (table != sections.end()) {
    const auto symbols =
        ReadSymbols(file, sections, *table, wanted, deadline, tables);
    if (!symbols) return tl::unexpected<Error>(symbols.error());
  }
  return tables;
}

}  // namespace leak_exporter
