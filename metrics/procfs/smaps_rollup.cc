#include "metrics/procfs/smaps_rollup.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {
namespace {

constexpr uint64_t kBytesPerKb = 1024;

struct Totals {
  std::optional<uint64_t> proportional;
  std::optional<uint64_t> private_clean;
  std::optional<uint64_t> private_dirty;
  std::optional<uint64_t> private_hugetlb;
};

std::optional<uint64_t>* FieldFor(std::string_view key, Totals& totals) {
  if (key == "Pss") return &totals.proportional;
  if (key == "Private_Clean") return &totals.private_clean;
  if (key == "Private_Dirty") return &totals.private_dirty;
  if (key == "Private_Hugetlb") return &totals.private_hugetlb;
  return nullptr;
}

std::string_view WithoutPadding(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// "1700 kB"
std::optional<uint64_t> ParseKb(std::string_view text) {
  constexpr std::string_view kUnit = " kB";
  if (!text.ends_with(kUnit)) return std::nullopt;
  text.remove_suffix(kUnit.size());
  // An eighth of the range, so that a sum of the fields cannot wrap.
  constexpr uint64_t kMost =
      std::numeric_limits<uint64_t>::max() / kBytesPerKb / 8;
  const auto kb = ParseNumber<uint64_t>(text);
  if (!kb || *kb > kMost) return std::nullopt;
  return *kb * kBytesPerKb;
}

}  // namespace

Result<SmapsRollup> ParseSmapsRollup(std::string_view text) {
  Totals totals;
  for (size_t line = 1; !text.empty(); ++line) {
    const auto content = TakeLine(text, line);
    if (!content) return tl::unexpected(content.error());
    const size_t colon = content->find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = content->substr(0, colon);
    std::optional<uint64_t>* const field = FieldFor(key, totals);
    if (field == nullptr) continue;
    const auto value = WithoutPadding(content->substr(colon + 1));
    *field = ParseKb(value);
    if (!*field)
      return tl::unexpected(Malformed(line, "bad " + std::string(key), value));
  }
  if (!totals.proportional || !totals.private_clean || !totals.private_dirty) {
    return Failure(0, " no Pss, Private_Clean or Private_Dirty");
  }
  return SmapsRollup{.proportional_bytes = *totals.proportional,
                     .unique_bytes = *totals.private_clean +
                                     *totals.private_dirty +
                                     totals.private_hugetlb.value_or(0)};
}

Result<SmapsRollup> ReadSmapsRollup(const ProcessHandle& process,
                                    std::string& buffer) {
  const auto text = process.Read("smaps_rollup", buffer);
  if (!text) return tl::unexpected(text.error());
  return ParseSmapsRollup(*text).map_error([&](Error error) {
    return AtPath(process.Path("smaps_rollup"), std::move(error));
  });
}

}  // namespace leak_exporter::procfs
