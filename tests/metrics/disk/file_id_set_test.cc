#include "metrics/disk/file_id_set.h"

#include "tests/catch.h"

namespace leak_exporter {
namespace {

using Outcome = FileIdSet::Outcome;

TEST_CASE("file id set: a file is new once, whatever else is remembered") {
  FileIdSet set(10'100);
  for (uint64_t inode = 1; inode <= 5'000; ++inode) {
    CHECK(set.Insert({1, inode}) == Outcome::kNew);
    CHECK(set.Insert({2, inode}) == Outcome::kNew);
  }
  for (uint64_t inode = 1; inode <= 5'000; ++inode) {
    CHECK(set.Insert({1, inode}) == Outcome::kKnown);
  }
}

TEST_CASE("file id set: huge inode numbers are told apart") {
  FileIdSet set(40);
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

TEST_CASE("file id set: 0 is a number like any other") {
  FileIdSet set(2);
  CHECK(set.Insert({0, 0}) == Outcome::kNew);
  CHECK(set.Insert({0, 0}) == Outcome::kKnown);
  CHECK(set.Insert({0, 1}) == Outcome::kNew);
  CHECK(set.Insert({0, 0}) == Outcome::kKnown);
}

TEST_CASE("file id set: very many devices have no room either") {
  constexpr uint64_t kDevices = 100;
  FileIdSet set(1 + (kDevices - 1) * FileIdSet::kDeviceCost);
  for (uint64_t device = 0; device < kDevices; ++device) {
    CHECK(set.Insert({device, 1}) == Outcome::kNew);
  }
  CHECK(set.Insert({kDevices, 1}) == Outcome::kFull);
  CHECK(set.Insert({1, 2}) == Outcome::kFull);
  CHECK(set.Insert({1, 1}) == Outcome::kKnown);
}

}  // namespace
}  // namespace leak_exporter
