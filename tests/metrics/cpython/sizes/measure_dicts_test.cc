#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("dicts: what the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"dict_empty", "dict_text_keys", "dict_int_keys",
                             "dict_large", "dict_removed_from", "dict_child",
                             "dict_in_itself"}) == 42);
  CHECK(CompareWithRecorded({"default_dict", "default_dict_none", "counter",
                             "instance_dict"}) == 24);
  // 2.7's is written in Python.
  CHECK(CompareWithRecorded({"ordered_dict", "ordered_dict_empty"}) == 12);
}

ObjectBuilder::Items Numbered(ObjectBuilder& builder, uint64_t count) {
  return ObjectBuilder::Items(count, {builder.AddNone(), builder.AddNone()});
}

/// sys.getsizeof() of dicts with keys that are str and that are not, and
/// len(gc.get_referents()) of them.
struct Case {
  PythonVersion version;
  uint64_t items;
  ObjectMeasure text_keys;
  ObjectMeasure other_keys;
};
const std::vector<Case> kDicts = {
    {{2, 7, 18}, 5, {280, 10}, {280, 10}},
    {{2, 7, 18}, 11, {1048, 22}, {1048, 22}},
    {{3, 8, 18}, 5, {232, 5}, {232, 10}},
    {{3, 8, 18}, 11, {640, 11}, {640, 22}},
    {{3, 11, 2}, 5, {184, 5}, {224, 10}},
    {{3, 11, 2}, 300, {6576, 300}, {9304, 600}},
    {{3, 13, 5}, 5, {184, 5}, {224, 10}},
    {{3, 15, 2}, 11, {464, 11}, {632, 22}},
};

void CheckEqual(const ObjectMeasure& measure, const ObjectMeasure& expected) {
  CHECK(measure.bytes == expected.bytes);
  CHECK(measure.references == expected.references);
}

TEST_CASE("dicts: keys count as references unless all of them are str") {
  for (const Case& c : kDicts) {
    INFO(ToString(c.version) << ", " << c.items);
    ObjectBuilder builder(c.version);
    // Up to 3.10 a dict with other keys tells what those look like: that of
    // the subclasses of object.
    if (c.version.minor < 11 && c.version.major == 3) {
      builder.Put(builder.Type("object") + builder.layout().type.tp_subclasses,
                  builder.AddDict({}));
    }
    const auto items = Numbered(builder, c.items);
    CheckEqual(Measure(builder, builder.AddDict(items, DictForm::kText)),
               c.text_keys);
    CheckEqual(Measure(builder, builder.AddDict(items, DictForm::kGeneral)),
               c.other_keys);
  }
}

TEST_CASE("dicts: shared keys are the class's, the values the dict's own") {
  // sys.getsizeof(a.__dict__) of an instance with two attributes in 3.8.18.
  ObjectBuilder old({3, 8, 18});
  old.Put(old.Type("object") + old.layout().type.tp_subclasses,
          old.AddDict({}));
  CheckEqual(Measure(old, old.AddDict(Numbered(old, 2), DictForm::kSplit)),
             {104, 2});
  // From 3.11 on there are dk_nentries + dk_usable values: here two and three.
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr dict =
      builder.AddDict(Numbered(builder, 2), DictForm::kSplit);
  CheckEqual(Measure(builder, dict), {64 + 8 * 5, 2});
  // The last one who uses them owns them.
  const auto keys =
      builder.Get<RemoteAddr>(dict + builder.layout().dict.ma_keys);
  builder.Put<uint64_t>(keys + builder.layout().dict_keys.dk_refcnt, 1);
  CheckEqual(Measure(builder, dict), {64 + 8 * 5 + 120, 2});
}

TEST_CASE("dicts: values in an instance are the instance's, before 3.13.5") {
  for (const auto& [micro, references] :
       std::vector<std::pair<uint32_t, uint64_t>>{{0, 0}, {5, 2}}) {
    ObjectBuilder builder({3, 13, micro});
    const Layout& layout = builder.layout();
    const RemoteAddr dict =
        builder.AddDict(Numbered(builder, 2), DictForm::kSplit);
    const auto values = builder.Get<RemoteAddr>(dict + layout.dict.ma_values);
    CHECK(Measure(builder, dict).references == 2);
    builder.Put<uint8_t>(values + layout.dict_values.embedded, 1);
    CHECK(Measure(builder, dict).references == references);
  }
}

TEST_CASE("dicts: keys that cannot be read add nothing") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr dict = builder.AddDict(Numbered(builder, 5));
  const auto keys = builder.Get<RemoteAddr>(dict + layout.dict.ma_keys);
  builder.Put<uint64_t>(keys + layout.dict_keys.dk_nentries, 9);
  CheckEqual(Measure(builder, dict), {64, 0});
  builder.Put(dict + layout.dict.ma_keys, ObjectBuilder::kNowhere);
  CheckEqual(Measure(builder, dict), {64, 0});
  builder.Put(dict + layout.dict.ma_keys, RemoteAddr{});
  CheckEqual(Measure(builder, dict), {64, 0});
}

TEST_CASE("dicts: without an example of other keys all count as str") {
  ObjectBuilder builder({3, 8, 18});
  CheckEqual(Measure(builder, builder.AddDict(Numbered(builder, 5))), {232, 5});
}

TEST_CASE("dicts: a subclass has its slots beside the items") {
  for (const PythonVersion& version :
       {PythonVersion{3, 11, 2}, PythonVersion{3, 13, 5}}) {
    ObjectBuilder builder(version);
    ClassSpec spec;
    spec.name = "D";
    spec.base = builder.Type("dict");
    spec.basicsize = 56;
    spec.slots = {48};
    const RemoteAddr dict =
        builder.AddObject(builder.AddClass(spec), spec.basicsize);
    builder.FillDict(dict, Numbered(builder, 1), DictForm::kText);
    // class D(dict): __slots__ = ("x",); D(a=1): one value and its class.
    CheckEqual(Measure(builder, dict), {192, 2});
    builder.Put(dict + 48, builder.AddNone());
    CheckEqual(Measure(builder, dict), {192, 3});
  }
}

TEST_CASE("general lookup: found from any type, or not at all") {
  ObjectBuilder builder({3, 8, 18});
  const Layout& layout = builder.layout();
  const RemoteAddr object = builder.Type("object");
  ClassSpec spec;
  spec.name = "Class";
  spec.base = builder.Type("dict");
  const RemoteAddr type = builder.AddClass(spec);
  const auto find = [&] {
    BuiltObjects built(builder);
    return FindGeneralLookup(built.types, built.types.Find(type));
  };
  CHECK(find() == RemoteAddr{});
  const RemoteAddr subclasses = builder.AddDict({});
  builder.Put(object + layout.type.tp_subclasses, subclasses);
  const auto keys = builder.Get<RemoteAddr>(subclasses + layout.dict.ma_keys);
  CHECK(find() == builder.Get<RemoteAddr>(keys + layout.dict_keys.dk_lookup));
  CHECK(find() != RemoteAddr{});
  builder.Put(subclasses + layout.dict.ma_keys, ObjectBuilder::kNowhere);
  CHECK(find() == RemoteAddr{});
  // A circle of bases.
  builder.Put(object + layout.type.tp_base, type);
  CHECK(find() == RemoteAddr{});
}

TEST_CASE("general lookup: not needed from 3.11 on") {
  ObjectBuilder builder({3, 11, 2});
  builder.Put(builder.Type("object") + builder.layout().type.tp_subclasses,
              builder.AddDict({}));
  const RemoteAddr list = builder.Type("list");
  BuiltObjects built(builder);
  CHECK(FindGeneralLookup(built.types, built.types.Find(list)) == RemoteAddr{});
}

}  // namespace
}  // namespace leak_exporter::cpython
