#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

TEST_CASE("containers: what the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"tuple_empty", "tuple", "tuple_of_one",
                             "tuple_child", "named_tuple"}) == 30);
  CHECK(CompareWithRecorded({"list_empty", "list", "list_grown", "list_child",
                             "list_in_itself"}) == 30);
  CHECK(CompareWithRecorded({"set_empty", "set", "set_large",
                             "set_removed_from", "frozenset"}) == 30);
  CHECK(CompareWithRecorded({"deque_0", "deque_1", "deque_64", "deque_65",
                             "deque_200", "deque_turned", "deque_child"}) ==
        42);
  // contextvars came with 3.7.
  CHECK(CompareWithRecorded({"hamt_node"}) == 5);
}

TEST_CASE("containers: struct sequences have fields that no index shows") {
  // tm_zone and tm_gmtoff
  CHECK(CompareWithRecorded({"struct_sequence", "version_info"}) == 12);
}

/// sys.getsizeof() and len(gc.get_referents()) of [None] * n and (None,) * n.
struct Case {
  PythonVersion version;
  uint64_t items;
  uint64_t list_bytes;
  uint64_t tuple_bytes;
};
const std::vector<Case> kSequences = {
    {{2, 7, 18}, 0, 72, 56}, {{2, 7, 18}, 5, 112, 96}, {{3, 8, 18}, 0, 56, 40},
    {{3, 8, 18}, 5, 96, 80}, {{3, 11, 2}, 0, 56, 40},  {{3, 11, 2}, 5, 96, 80},
    {{3, 13, 5}, 0, 56, 40}, {{3, 13, 5}, 5, 96, 80},  {{3, 15, 2}, 0, 56, 48},
    {{3, 15, 2}, 5, 96, 88}};

TEST_CASE("containers: lists and tuples by their length") {
  for (const Case& c : kSequences) {
    INFO(ToString(c.version) << ", " << c.items);
    ObjectBuilder builder(c.version);
    const std::vector<RemoteAddr> items(c.items, builder.AddNone());
    const ObjectMeasure list = Measure(builder, builder.AddList(items));
    CHECK(list.bytes == c.list_bytes);
    CHECK(list.references == c.items);
    const ObjectMeasure tuple = Measure(builder, builder.AddTuple(items));
    CHECK(tuple.bytes == c.tuple_bytes);
    CHECK(tuple.references == c.items);
  }
}

TEST_CASE("containers: a list longer than its room is not believed") {
  for (const PythonVersion& version : kVersions) {
    ObjectBuilder builder(version);
    const Layout& layout = builder.layout();
    const RemoteAddr list =
        builder.AddList({builder.AddNone(), builder.AddNone()});
    const uint64_t empty = Measure(builder, builder.AddList({})).bytes;
    builder.Put<uint64_t>(list + layout.object.ob_size, 3);
    CHECK(Measure(builder, list).bytes == empty);
    CHECK(Measure(builder, list).references == 0);
    // A negative length is none, and room for so many is none either.
    builder.Put<int64_t>(list + layout.object.ob_size, -5);
    CHECK(Measure(builder, list).references == 0);
    CHECK(Measure(builder, list).bytes == empty + 16);
    builder.Put<int64_t>(list + layout.list.allocated, INT64_MIN);
    CHECK(Measure(builder, list).bytes == empty);
  }
}

TEST_CASE("containers: a negative tuple has no items") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr tuple = builder.AddTuple({builder.AddNone()});
  builder.Put<int64_t>(tuple + builder.layout().object.ob_size, -1);
  CHECK(Measure(builder, tuple).references == 0);
}

/// A set of so many, in a table of its own or not.
RemoteAddr AddSet(ObjectBuilder& builder, uint64_t used, uint64_t mask,
                  bool own_table) {
  const auto& fields = builder.layout().set;
  const RemoteAddr set = builder.AddObject(builder.Type("set"), 256);
  builder.Put(set + fields.used, used);
  builder.Put(set + fields.mask, mask);
  builder.Put(set + fields.table,
              own_table ? builder.Allocate(16) : set + fields.smalltable);
  return set;
}

TEST_CASE("containers: a set's table counts where it is its own") {
  // sys.getsizeof(set()), and of set(range(1000, 1100))
  const std::vector<std::tuple<PythonVersion, uint64_t, uint64_t, uint64_t>>
      cases = {{{2, 7, 18}, 232, 511, 8424},
               {{3, 8, 18}, 216, 511, 8408},
               {{3, 11, 2}, 216, 511, 8408},
               {{3, 13, 5}, 216, 511, 8408}};
  for (const auto& [version, small, mask, large] : cases) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const ObjectMeasure five = Measure(builder, AddSet(builder, 5, 7, false));
    CHECK(five.bytes == small);
    CHECK(five.references == 5);
    const ObjectMeasure hundred =
        Measure(builder, AddSet(builder, 100, mask, true));
    CHECK(hundred.bytes == large);
    CHECK(hundred.references == 100);
  }
}

TEST_CASE("containers: a set that cannot be one counts nothing of its table") {
  ObjectBuilder builder({3, 11, 2});
  // More members than slots, a mask that is none.
  for (const auto& [used, mask] : std::vector<std::pair<uint64_t, uint64_t>>{
           {9, 7}, {3, 6}, {UINT64_MAX, 7}, {1, UINT64_MAX - 1}}) {
    const ObjectMeasure measure =
        Measure(builder, AddSet(builder, used, mask, true));
    CHECK(measure.bytes == 216);
    CHECK(measure.references == 0);
  }
}

TEST_CASE("containers: a deque counts blocks, full or not") {
  ObjectBuilder builder({3, 11, 2});
  const InternalLayout& internal = builder.layout().internal;
  const RemoteAddr type = builder.AddType({"collections.deque",
                                           type_flags::kHaveGc,
                                           216,
                                           0,
                                           builder.Type("object"),
                                           {}});
  const auto measure = [&](int64_t length, uint64_t left) {
    const RemoteAddr deque = builder.AddObject(type, 216);
    builder.Put(deque + internal.deque.len, length);
    builder.Put(deque + internal.deque.leftindex, left);
    return Measure(builder, deque);
  };
  // sys.getsizeof() in 3.11.2: deque() is 760, deque(range(64)) is 1288.
  CHECK(measure(0, 32).bytes == 760);
  CHECK(measure(32, 32).bytes == 760);
  CHECK(measure(33, 32).bytes == 1288);
  CHECK(measure(33, 32).references == 33);
  CHECK(measure(-1, 32).references == 0);
}

TEST_CASE("containers: a hamt node is looked at no further than one reaches") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddType({"hamt_bitmap_node",
                                           type_flags::kHaveGc,
                                           32,
                                           8,
                                           builder.Type("object"),
                                           {}});
  const RemoteAddr node = builder.AddObject(type, 32 + 8 * 100);
  for (uint64_t i = 0; i < 100; ++i)
    builder.Put<uint64_t>(node + 32 + 8 * i, i == 3 ? 0 : 1);
  builder.Put<uint64_t>(node + builder.layout().object.ob_size, 5);
  CHECK(Measure(builder, node).references == 4);
  builder.Put<uint64_t>(node + builder.layout().object.ob_size, 1 << 20);
  CHECK(Measure(builder, node).references == 63);
}

}  // namespace
}  // namespace leak_exporter::cpython
