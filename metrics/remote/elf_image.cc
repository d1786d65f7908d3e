#include "metrics/remote/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "metrics/remote/elf_header.h"

namespace leak_exporter {
namespace {

constexpr uint64_t kPageSize = 4096;
// Bounds for headers that may be hostile.
constexpr size_t kMaxProgramHeaders = 128;
constexpr size_t kMaxDynamicEntries = 1024;
// Linkers make chains of a few symbols.
constexpr size_t kMaxChain = 4096;

template <typename T>
Result<std::vector<T>> ReadTable(const RemoteMemory& memory, RemoteAddr address,
                                 size_t count) {
  std::vector<T> table(count);
  auto read =
      memory.ReadExact(address, std::as_writable_bytes(std::span(table)));
  if (!read) return tl::unexpected<Error>(read.error());
  return table;
}

// The hash of DT_GNU_HASH (Bernstein's).
uint32_t GnuHash(std::string_view name) {
  uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<uint8_t>(c);
  return hash;
}

// The hash of DT_HASH (System V ABI).
uint32_t SysvHash(std::string_view name) {
  uint32_t hash = 0;
  for (const char c : name) {
    hash = (hash << 4) + static_cast<uint8_t>(c);
    const uint32_t high = hash & 0xf0000000;
    hash = (hash ^ high >> 24) & ~high;
  }
  return hash;
}

}  // namespace

Result<LoadedElf> LoadedElf::Open(const RemoteMemory& memory, RemoteAddr base) {
  const auto header = ReadElfHeader(memory, base);
  if (!header) return tl::unexpected<Error>(header.error());
  if (header->e_phnum > kMaxProgramHeaders ||
      header->e_phentsize != sizeof(Elf64_Phdr)) {
    return tl::unexpected<Error>(
        BadElf("at " + ToString(base) + ": bad program headers"));
  }
  const auto segments =
      ReadTable<Elf64_Phdr>(memory, base + header->e_phoff, header->e_phnum);
  if (!segments) return tl::unexpected<Error>(segments.error());

  LoadedElf elf(memory);
  const auto first_load =
      std::find_if(segments->begin(), segments->end(),
                   [](const auto& s) { return s.p_type == PT_LOAD; });
  const auto dynamic =
      std::find_if(segments->begin(), segments->end(),
                   [](const auto& s) { return s.p_type == PT_DYNAMIC; });
  if (first_load == segments->end()) {
    return tl::unexpected<Error>(
        BadElf("at " + ToString(base) + ": nothing is loaded"));
  }
  // The mapping begins at the page of the segment's first byte.
  elf.bias_ = Value(base) - (first_load->p_vaddr - first_load->p_offset) /
                                kPageSize * kPageSize;
  if (dynamic != segments->end()) {
    auto read = elf.ReadDynamic(RemoteAddr{elf.bias_ + dynamic->p_vaddr},
                                dynamic->p_memsz);
    if (!read) return tl::unexpected<Error>(read.error());
  }
  return elf;
}

Result<void> LoadedElf::ReadDynamic(RemoteAddr dynamic, uint64_t size) {
  const auto entries = ReadTable<Elf64_Dyn>(
      *memory_, dynamic,
      std::min<uint64_t>(size / sizeof(Elf64_Dyn), kMaxDynamicEntries));
  if (!entries) return tl::unexpected<Error>(entries.error());
  // glibc writes final addresses over those of the file, musl does not.
  const auto loaded = [this](uint64_t pointer) {
    return RemoteAddr{pointer < bias_ ? pointer + bias_ : pointer};
  };
  for (const Elf64_Dyn& entry : *entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_SYMTAB) symbols_ = loaded(entry.d_un.d_ptr);
    if (entry.d_tag == DT_STRTAB) strings_ = loaded(entry.d_un.d_ptr);
    if (entry.d_tag == DT_HASH) hash_ = loaded(entry.d_un.d_ptr);
    if (entry.d_tag == DT_GNU_HASH) gnu_hash_ = loaded(entry.d_un.d_ptr);
  }
  return {};
}

Result<std::optional<ElfLocation>> LoadedElf::FindSymbol(
    std::string_view name) const {
  if (symbols_ == RemoteAddr{} || strings_ == RemoteAddr{}) {
    return std::optional<ElfLocation>();
  }
  if (gnu_hash_ != RemoteAddr{}) return FindByGnuHash(name);
  if (hash_ != RemoteAddr{}) return FindByHash(name);
  return std::optional<ElfLocation>();
}

Result<std::optional<ElfLocation>> LoadedElf::Match(
    uint64_t index, std::string_view name) const {
  const auto symbol =
      memory_->Read<Elf64_Sym>(symbols_ + index * sizeof(Elf64_Sym));
  if (!symbol) return tl::unexpected<Error>(symbol.error());
  if (symbol->st_shndx == SHN_UNDEF) return std::optional<ElfLocation>();
  std::string found(name.size() + 1, '\1');
  const auto got = memory_->ReadAvailable(
      strings_ + symbol->st_name,
      std::as_writable_bytes(std::span(found.data(), found.size())));
  if (!got) return tl::unexpected<Error>(got.error());
  if (*got != found.size() || found.back() != '\0' ||
      found.compare(0, name.size(), name) != 0) {
    return std::optional<ElfLocation>();
  }
  return ElfLocation{RemoteAddr{bias_ + symbol->st_value}, symbol->st_size};
}

// The table begins with the number of buckets, the index of the first hashed
// symbol, the number of words of the Bloom filter and its shift. The filter
// follows, then the buckets, then a chain of hashes, whose lowest bit ends the
// run of a bucket.
Result<std::optional<ElfLocation>> LoadedElf::FindByGnuHash(
    std::string_view name) const {
  const auto header = memory_->Read<std::array<uint32_t, 4>>(gnu_hash_);
  if (!header) return tl::unexpected<Error>(header.error());
  const auto [buckets, first_symbol, bloom_words, bloom_shift] = *header;
  if (buckets == 0) return std::optional<ElfLocation>();
  const uint32_t hash = GnuHash(name);
  const RemoteAddr bucket_table =
      gnu_hash_ + sizeof(*header) + uint64_t{bloom_words} * sizeof(uint64_t);
  const RemoteAddr chain = bucket_table + uint64_t{buckets} * sizeof(uint32_t);
  const auto start = memory_->Read<uint32_t>(
      bucket_table + uint64_t{hash % buckets} * sizeof(uint32_t));
  if (!start) return tl::unexpected<Error>(start.error());
  if (*start < first_symbol) return std::optional<ElfLocation>();
  for (uint64_t i = 0; i < kMaxChain; ++i) {
    const uint64_t index = *start + i;
    const auto entry = memory_->Read<uint32_t>(chain + (index - first_symbol) *
                                                           sizeof(uint32_t));
    if (!entry) return tl::unexpected<Error>(entry.error());
    if ((*entry | 1) == (hash | 1)) {
      auto match = Match(index, name);
      if (!match || match->has_value()) return match;
    }
    if ((*entry & 1) != 0) break;
  }
  return std::optional<ElfLocation>();
}

// The table has the number of buckets, the number of symbols, the buckets, and
// a chain of indices.
Result<std::optional<ElfLocation>> LoadedElf::FindByHash(
    std::string_view name) const {
  const auto header = memory_->Read<std::array<uint32_t, 2>>(hash_);
  if (!header) return tl::unexpected<Error>(header.error());
  const auto [buckets, symbols] = *header;
  if (buckets == 0) return std::optional<ElfLocation>();
  const RemoteAddr bucket_table = hash_ + sizeof(*header);
  const RemoteAddr chain = bucket_table + uint64_t{buckets} * sizeof(uint32_t);
  auto index = memory_->Read<uint32_t>(
      bucket_table + uint64_t{SysvHash(name) % buckets} * sizeof(uint32_t));
  for (size_t i = 0; i < kMaxChain; ++i) {
    if (!index) return tl::unexpected<Error>(index.error());
    if (*index == STN_UNDEF || *index >= symbols) break;
    auto match = Match(*index, name);
    if (!match || match->has_value()) return match;
    index =
        memory_->Read<uint32_t>(chain + uint64_t{*index} * sizeof(uint32_t));
  }
  return std::optional<ElfLocation>();
}

}  // namespace leak_exporter
