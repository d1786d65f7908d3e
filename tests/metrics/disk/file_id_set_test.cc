#include "metrics/disk/file_id_set.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Outcome = FileIdSet::Outcome;

TEST_CASE("file id set: a file is new once, whatever else is remembered") {
  FileIdSet set(10'000);
  for (uint64_t inode = 1; inode <= 5'000; ++inode) {
    CHECK(set.Insert({1, inode}) == Outcome::kNew);
    CHECK(set.Insert({2, inode}) == Outcome::kNew);
  }
  for (uint64_t inode = 1; inode <= 5'000; ++inode) {
    CHECK(set.Insert({1, inode}) == Outcome::kKnown);
  }
}

TEST_CASE("file id set: huge inode numbers are told apart") {
  FileIdSet set(10);
  CHECK(set.Insert({1, UINT64_MAX}) == Outcome::kNew);
  CHECK(set.Insert({1, UINT64_MAX - 1}) == Outcome::kNew);
  CHECK(set.Insert({UINT64_MAX, UINT64_MAX}) == Outcome::kNew);
  CHECK(set.Insert({1, UINT64_MAX}) == Outcome::kKnown);
}

TEST_CASE("file id set: past its capacity only what it knows is told") {
  FileIdSet set(2);
  CHECK(set.Insert({1, 1}) == Outcome::kNew);
  CHECK(set.Insert({1, 2}) == Outcome::kNew);
  CHECK(set.Insert({1, 3}) == Outcome::kFull);
  CHECK(set.Insert({1, 2}) == Outcome::kKnown);
}

}  // namespace
}  // namespace leak_exporter
