#include "metrics/cpython/sizes/object_measure.h"

#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

using type_flags::kHaveGc;
using type_flags::kInlineValues;
using type_flags::kManagedDict;

TEST_CASE("objects: instances are what the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"object", "instance_empty", "instance",
                             "instance_with_dict", "instance_many", "slots",
                             "slots_and_dict"}) == 42);
  CHECK(CompareWithRecorded({"exception", "exception_lone", "exception_os"}) ==
        18);
}

TEST_CASE("objects: functions and what is made of them, too") {
  CHECK(CompareWithRecorded({"function", "closure", "lambda", "cell",
                             "bound_method", "bound_class_method",
                             "builtin_function", "builtin_method",
                             "method_wrapper"}) == 54);
  CHECK(CompareWithRecorded({"slot_wrapper", "method_descriptor",
                             "class_method_descriptor", "getset_descriptor",
                             "member_descriptor", "weakref", "weakref_dead"}) ==
        42);
}

/// `class A` with attributes: what its __basicsize__ and __flags__ are, and
/// sys.getsizeof() of an instance with two of three attributes.
struct Case {
  PythonVersion version;
  uint64_t basicsize;
  uint64_t flags;
  uint64_t bytes;
  /// Its class, and two values or the dict that holds them.
  uint64_t references;
};
const std::vector<Case> kInstances = {
    {{3, 8, 18}, 32, kHaveGc, 48, 2},
    {{3, 11, 2}, 24, kHaveGc | kManagedDict, 56, 3},
    {{3, 12, 1}, 16, kHaveGc | kManagedDict, 48, 3},
    {{3, 13, 5}, 16, kHaveGc | kManagedDict | kInlineValues, 48, 3},
    {{3, 15, 2}, 16, kHaveGc | kManagedDict | kInlineValues, 48, 3},
};

RemoteAddr AddClass(ObjectBuilder& builder, const Case& c) {
  ClassSpec spec;
  spec.name = "A";
  spec.flags = c.flags;
  spec.basicsize = c.basicsize;
  spec.dictoffset =
      builder.layout().managed_dict == ManagedDict::kNone ? 16 : 0;
  spec.shared_names = {"a", "b", "c"};
  return builder.AddClass(spec);
}

TEST_CASE("objects: attributes in or beside an instance") {
  for (const Case& c : kInstances) {
    INFO(ToString(c.version));
    ObjectBuilder builder(c.version);
    const RemoteAddr object = builder.AddInstance(
        AddClass(builder, c), {builder.AddNone(), builder.AddNone()});
    const ObjectMeasure measure = Measure(builder, object);
    CHECK(measure.bytes == c.bytes);
    CHECK(measure.references == c.references);
  }
}

TEST_CASE("objects: an instance with a dict of its own refers to that") {
  for (const Case& c : kInstances) {
    INFO(ToString(c.version));
    ObjectBuilder builder(c.version);
    const RemoteAddr object = builder.AddObject(AddClass(builder, c));
    CHECK(Measure(builder, object).references == 1);
    builder.Put(c.version.minor < 11 ? object + 16 : object - 24,
                builder.AddDict({}));
    CHECK(Measure(builder, object).references == 2);
    CHECK(Measure(builder, object).bytes == c.bytes);
  }
}

TEST_CASE(
    "objects: in 3.13.0 values in an instance count though it has a dict") {
  for (const auto& [micro, references] :
       std::vector<std::pair<uint32_t, uint64_t>>{{0, 3}, {5, 2}}) {
    ObjectBuilder builder({3, 13, micro});
    const RemoteAddr object =
        builder.AddInstance(AddClass(builder, kInstances[3]),
                            {builder.AddNone(), builder.AddNone()});
    builder.Put(object - 24, builder.AddDict({}));
    CHECK(Measure(builder, object).references == references);
  }
}

TEST_CASE("objects: values that are nowhere, or of a class without names") {
  for (const Case& c : {kInstances[1], kInstances[2]}) {
    INFO(ToString(c.version));
    ObjectBuilder builder(c.version);
    const RemoteAddr type = AddClass(builder, c);
    const RemoteAddr object =
        builder.AddInstance(type, {builder.AddNone(), builder.AddNone()});
    const RemoteAddr place = c.version.minor == 11 ? object - 32 : object - 24;
    const auto values = builder.Get<RemoteAddr>(place);
    builder.Put(place, RemoteAddr{0x10 - 1});
    CHECK(Measure(builder, object).references == 1);
    builder.Put(place, values);
    builder.Put(type + builder.layout().type.ht_cached_keys,
                ObjectBuilder::kNowhere);
    CHECK(Measure(builder, object).references == 1);
  }
}

TEST_CASE("objects: values that say they are no longer valid do not count") {
  ObjectBuilder builder({3, 13, 5});
  const RemoteAddr object = builder.AddInstance(
      AddClass(builder, kInstances[3]), {builder.AddNone(), builder.AddNone()});
  const auto& fields = builder.layout().dict_values;
  builder.Put<uint8_t>(object + 16 + fields.valid, 0);
  CHECK(Measure(builder, object).references == 1);
}

TEST_CASE("objects: a tuple's child has its dict behind the items") {
  // class T(tuple): pass; t = T([1]): 56 bytes, 2 references in 3.8.18 and
  // 3.11.2; one more reference with an attribute.
  for (const PythonVersion& version :
       {PythonVersion{3, 8, 18}, PythonVersion{3, 11, 2}}) {
    ObjectBuilder builder(version);
    ClassSpec spec;
    spec.name = "T";
    spec.base = builder.Type("tuple");
    spec.basicsize = 32;
    spec.dictoffset = -8;
    const RemoteAddr object = builder.AddObject(builder.AddClass(spec), 48);
    const Layout& layout = builder.layout();
    builder.Put<uint64_t>(object + layout.object.ob_size, 1);
    builder.Put(object + layout.tuple.ob_item, builder.AddNone());
    CHECK(Measure(builder, object).bytes == 56);
    CHECK(Measure(builder, object).references == 2);
    builder.Put(object + 32, builder.AddDict({}));
    CHECK(Measure(builder, object).references == 3);
    // Its end is nowhere: then there is no dict.
    builder.Put<uint64_t>(object + layout.object.ob_size, 1 << 30);
    CHECK(Measure(builder, object).references == 1 + (1 << 30));
  }
}

TEST_CASE("objects: items may be counted below zero") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddType(
      {"some.numbers", 0, 24, 4, builder.Type("object"), {}, false});
  const RemoteAddr object = builder.AddObject(type);
  builder.Put<int64_t>(object + builder.layout().object.ob_size, -3);
  CHECK(Measure(builder, object).bytes == 36);
}

TEST_CASE("objects: words beyond the block read as nothing") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "Large";
  spec.basicsize = 8192;
  spec.slots = {16, 24, 1024, 8184};
  const RemoteAddr object = builder.AddObject(builder.AddClass(spec), 8192);
  for (const uint64_t slot : spec.slots)
    builder.Put(object + slot, builder.AddNone());
  // 4096 bytes are at hand; the class is the fourth.
  CHECK(Measure(builder, object).references == 4);
}

}  // namespace
}  // namespace leak_exporter::cpython
