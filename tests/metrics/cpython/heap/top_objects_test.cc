#include "metrics/cpython/heap/top_objects.h"

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

std::vector<uint64_t> Addresses(const TopObjects& top) {
  std::vector<uint64_t> addresses;
  for (const RankedObject& object : top.objects())
    addresses.push_back(Value(object.address));
  return addresses;
}

TEST_CASE("top objects: largest first, equals in the order they came") {
  TopObjects top(3);
  top.Add(5, RemoteAddr{1}, 0);
  top.Add(7, RemoteAddr{2}, 0);
  top.Add(5, RemoteAddr{3}, 0);
  top.Add(5, RemoteAddr{4}, 0);
  CHECK(Addresses(top) == std::vector<uint64_t>{2, 1, 3});
  top.Add(9, RemoteAddr{5}, 1);
  CHECK(Addresses(top) == std::vector<uint64_t>{5, 2, 1});
  CHECK(top.objects().front().type == 1);
}

TEST_CASE("top objects: what is removed leaves its place to the next") {
  TopObjects top(3);
  for (uint64_t i = 1; i <= 3; ++i) top.Add(i, RemoteAddr{i}, 0);
  top.Remove(RemoteAddr{2});
  CHECK(Addresses(top) == std::vector<uint64_t>{3, 1});
  top.Remove(RemoteAddr{2});
  top.Add(1, RemoteAddr{4}, 0);
  CHECK(Addresses(top) == std::vector<uint64_t>{3, 1, 4});
}

TEST_CASE("top objects: fewer than the limit, and none at all") {
  TopObjects top(10);
  CHECK(top.objects().empty());
  top.Add(0, RemoteAddr{1}, 0);
  CHECK(Addresses(top) == std::vector<uint64_t>{1});
  TopObjects none(0);
  none.Add(1, RemoteAddr{1}, 0);
  CHECK(none.objects().empty());
}

}  // namespace
}  // namespace leak_exporter::cpython
