#include "metrics/cpython/heap/link_ledger.h"

#include <algorithm>

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

RemoteAddr At(uint64_t i) { return RemoteAddr{0x7f0000000000 + 64 * i}; }

TEST_CASE("link ledger: links that both ends note cancel out") {
  LinkLedger ledger;
  for (uint64_t i = 0; i < 100'000; ++i) ledger.Note(At(i), At(7 * i + 1));
  for (uint64_t i = 100'000; i > 0; --i) {
    ledger.Note(At(i - 1), At(7 * (i - 1) + 1));
  }
  CHECK(ledger.OneSided().empty());
}

TEST_CASE("link ledger: what only one end noted is found among all others") {
  LinkLedger ledger;
  for (uint64_t i = 0; i < 100'000; ++i) {
    ledger.Note(At(i), At(i + 1));
    if (i != 5 && i != 77'777) ledger.Note(At(i), At(i + 1));
  }
  auto links = ledger.OneSided();
  std::sort(links.begin(), links.end(),
            [](const GcLink& a, const GcLink& b) { return a.from < b.from; });
  CHECK(links == std::vector<GcLink>{{At(5), At(6)}, {At(77'777), At(77'778)}});
}

TEST_CASE("link ledger: too many names only links that were noted") {
  LinkLedger ledger;
  for (uint64_t i = 0; i < 100'000; ++i) ledger.Note(At(i), At(i + 1));
  const auto links = ledger.OneSided();
  const auto wrong = std::count_if(
      links.begin(), links.end(),
      [](const GcLink& link) { return link.to != link.from + 64; });
  // One in 4096 sums of several links looks like a link.
  CHECK(wrong <= 8);
}

}  // namespace
}  // namespace leak_exporter::cpython
