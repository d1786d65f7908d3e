#include "metrics/cpython/objects/dict_reader.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {3, 8, 18}, {3, 11, 2}, {3, 12, 1}, {3, 13, 5}, {3, 15, 2}};

using Pairs = std::vector<std::pair<uint64_t, uint64_t>>;

struct Visit {
  bool whole = false;
  Pairs items;
};

/// At most `wanted` of them.
Visit Items(const ObjectBuilder& builder, RemoteAddr dict,
            uint64_t limit = 1000, size_t wanted = 1000) {
  BuiltObjects built(builder);
  Visit visit;
  visit.whole =
      ForEachItem(built.layout, built.cache, dict, limit,
                  [&](RemoteAddr key, RemoteAddr value) {
                    visit.items.emplace_back(Value(key), Value(value));
                    return visit.items.size() < wanted;
                  });
  return visit;
}

ObjectBuilder::Items Numbered(uint64_t count) {
  ObjectBuilder::Items items;
  for (uint64_t i = 1; i <= count; ++i)
    items.emplace_back(RemoteAddr{0x100 * i}, RemoteAddr{0x1000 * i});
  return items;
}

TEST_CASE("dict reader: the items in order, in each form and version") {
  std::vector<PythonVersion> versions = kVersions;
  versions.push_back({2, 7, 18});
  for (const PythonVersion& version : versions) {
    for (const DictForm form :
         {DictForm::kGeneral, DictForm::kText, DictForm::kSplit}) {
      INFO(ToString(version));
      ObjectBuilder builder(version);
      const Visit visit = Items(builder, builder.AddDict(Numbered(3), form));
      CHECK(visit.whole);
      CHECK(visit.items ==
            Pairs{{0x100, 0x1000}, {0x200, 0x2000}, {0x300, 0x3000}});
    }
  }
}

TEST_CASE("dict reader: what was deleted is left out, an empty one has none") {
  for (const PythonVersion& version : kVersions) {
    ObjectBuilder builder(version);
    auto items = Numbered(3);
    items[0].second = {};
    CHECK(Items(builder, builder.AddDict(items)).items ==
          Pairs{{0x200, 0x2000}, {0x300, 0x3000}});
    const Visit empty = Items(builder, builder.AddDict({}));
    CHECK(empty.whole);
    CHECK(empty.items.empty());
  }
}

TEST_CASE(
    "dict reader: values of shared keys come in the order of their "
    "setting") {
  // a.second = 2; a.first = 1; list(a.__dict__) in 3.11.2: second, first
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const Layout& layout = builder.layout();
    const RemoteAddr dict = builder.AddDict(Numbered(2), DictForm::kSplit);
    const auto values = builder.Get<RemoteAddr>(dict + layout.dict.ma_values);
    // Up to 3.10 keys are shared only while the order is the keys' own.
    Pairs expected = {{0x200, 0x2000}, {0x100, 0x1000}};
    switch (layout.managed_dict) {
      case ManagedDict::kNone:
        expected = {{0x100, 0x1000}, {0x200, 0x2000}};
        break;
      case ManagedDict::k311:
      case ManagedDict::k312:
        builder.Put<uint8_t>(values - 3, 1);
        builder.Put<uint8_t>(values - 4, 0);
        break;
      case ManagedDict::k313:
        builder.Put<uint8_t>(values + 8 + 16, 1);
        builder.Put<uint8_t>(values + 8 + 17, 0);
        break;
    }
    CHECK(Items(builder, dict).items == expected);
  }
}

TEST_CASE("dict reader: ends when it is told to, or at the limit") {
  for (const DictForm form : {DictForm::kGeneral, DictForm::kSplit}) {
    ObjectBuilder builder({3, 11, 2});
    const RemoteAddr dict = builder.AddDict(Numbered(20), form);
    const Visit stopped = Items(builder, dict, 1000, 2);
    CHECK(stopped.whole);
    CHECK(stopped.items == Pairs{{0x100, 0x1000}, {0x200, 0x2000}});
    CHECK(Items(builder, dict, 7).items.size() == 7);
    CHECK(Items(builder, dict, 0).items.empty());
  }
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr dict = builder.AddDict(Numbered(20));
  CHECK(Items(builder, dict, 7).items.size() == 7);
  CHECK(Items(builder, dict, 1000, 2).items.size() == 2);
}

TEST_CASE("dict reader: a torn dict is not whole") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr dict = builder.AddDict(Numbered(3));
  const auto keys = builder.Get<RemoteAddr>(dict + layout.dict.ma_keys);
  // More entries than the table has slots; the count of items says nothing.
  builder.Put<uint64_t>(dict + layout.dict.ma_used, 99);
  CHECK(Items(builder, dict).items.size() == 3);
  builder.Put<uint64_t>(keys + layout.dict_keys.dk_nentries, 9);
  CHECK_FALSE(Items(builder, dict).whole);
  builder.Put(dict + layout.dict.ma_keys, ObjectBuilder::kNowhere);
  CHECK_FALSE(Items(builder, dict).whole);
  CHECK_FALSE(Items(builder, ObjectBuilder::kNowhere).whole);
  CHECK_FALSE(Items(builder, RemoteAddr{UINT64_MAX - 16}).whole);
}

TEST_CASE(
    "dict reader: entries that end in unmapped memory are given up to "
    "there") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr dict = builder.AddObject(builder.Type("dict"), 48);
  const RemoteAddr keys = builder.AddKeys(Numbered(5), DictForm::kText);
  builder.Put(dict + layout.dict.ma_keys, keys);
  // A table of 2**30 slots, of which all are said to be used.
  builder.Put<uint8_t>(keys + layout.dict_keys.dk_log2_size, 30);
  builder.Put<uint64_t>(keys + layout.dict_keys.dk_nentries, 1 << 30);
  const Visit visit = Items(builder, dict, UINT64_MAX);
  CHECK_FALSE(visit.whole);
  CHECK(visit.items.size() == 5);
}

TEST_CASE("dict reader: 2.7's table may be anywhere, and of any size") {
  ObjectBuilder builder({2, 7, 18});
  const Layout& layout = builder.layout();
  const RemoteAddr dict = builder.AddDict(Numbered(3));
  builder.Put(dict + layout.dict.ma_mask, UINT64_MAX);
  CHECK(Items(builder, dict, 8).items.size() == 3);
  CHECK_FALSE(Items(builder, dict, UINT64_MAX).whole);
  builder.Put(dict + layout.dict.ma_table, ObjectBuilder::kNowhere);
  CHECK_FALSE(Items(builder, dict).whole);
}

TEST_CASE(
    "dict reader: an order that points outside of the keys is not whole") {
  for (const PythonVersion& version :
       {PythonVersion{3, 11, 2}, PythonVersion{3, 13, 5}}) {
    ObjectBuilder builder(version);
    const Layout& layout = builder.layout();
    const RemoteAddr dict = builder.AddDict(Numbered(2), DictForm::kSplit);
    const auto values = builder.Get<RemoteAddr>(dict + layout.dict.ma_values);
    // The slot behind the last one in use, and one that the table has not.
    for (const uint8_t index : {uint8_t{2}, uint8_t{200}}) {
      builder.Put(version.minor == 11 ? values - 4 : values + 8 + 17, index);
      const Visit visit = Items(builder, dict);
      CHECK_FALSE(visit.whole);
      CHECK(visit.items == Pairs{{0x100, 0x1000}});
    }
  }
}

struct Attributes {
  explicit Attributes(const ObjectBuilder& builder) : built(builder) {}
  Visit Of(RemoteAddr object, RemoteAddr type) {
    const TypeIndex index = built.types.Find(type);
    REQUIRE(index != kNoType);
    Visit visit;
    visit.whole =
        ForEachAttribute(built.layout, built.cache, object, built.types[index],
                         [&](RemoteAddr key, RemoteAddr value) {
                           const auto name = ReadName(key);
                           visit.items.emplace_back(name, Value(value));
                           return true;
                         });
    return visit;
  }
  /// The last character of a name.
  uint64_t ReadName(RemoteAddr key) {
    const auto& fields = built.layout.unicode;
    const auto length = built.cache.Read<uint64_t>(key + fields.length);
    return built.cache
        .Read<uint8_t>(key + fields.ascii_size + length.value_or(1) - 1)
        .value_or(0);
  }
  BuiltObjects built;
};

/// A class whose instances have a dict in each version's own way.
RemoteAddr AddClass(ObjectBuilder& builder) {
  const ManagedDict managed = builder.layout().managed_dict;
  ClassSpec spec;
  spec.name = "Class";
  spec.shared_names = {"a", "b", "c"};
  spec.basicsize = 16;
  if (managed == ManagedDict::kNone) {
    spec.basicsize = 32;
    spec.dictoffset = 16;
  } else {
    spec.flags = type_flags::kManagedDict | type_flags::kHaveGc;
    if (managed == ManagedDict::k313) spec.flags |= type_flags::kInlineValues;
  }
  return builder.AddClass(spec);
}

TEST_CASE("attributes: those in or beside an instance, by version") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr type = AddClass(builder);
    const RemoteAddr object =
        builder.AddInstance(type, {RemoteAddr{0x1000}, RemoteAddr{0x2000}});
    const Visit visit = Attributes(builder).Of(object, type);
    CHECK(visit.whole);
    CHECK(visit.items == Pairs{{'a', 0x1000}, {'b', 0x2000}});
  }
}

TEST_CASE("attributes: those of a dict that was made for an instance") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr type = AddClass(builder);
    const RemoteAddr object = builder.AddObject(type);
    const RemoteAddr dict =
        builder.AddDict({{builder.AddName("own"), RemoteAddr{0x5000}}});
    builder.Put(builder.layout().managed_dict == ManagedDict::kNone
                    ? object + 16
                    : object - 24,
                dict);
    const Visit visit = Attributes(builder).Of(object, type);
    CHECK(visit.whole);
    CHECK(visit.items == Pairs{{'n', 0x5000}});
  }
}

TEST_CASE("attributes: an instance without any, or with values nowhere") {
  for (const PythonVersion& version :
       {PythonVersion{3, 8, 18}, PythonVersion{3, 11, 2},
        PythonVersion{3, 12, 1}}) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr type = AddClass(builder);
    const RemoteAddr object = builder.AddObject(type);
    CHECK_FALSE(Attributes(builder).Of(object, type).whole);
    const ManagedDict managed = builder.layout().managed_dict;
    builder.Put(managed == ManagedDict::kNone  ? object + 16
                : managed == ManagedDict::k311 ? object - 32
                                               : object - 24,
                RemoteAddr{0x10 - 1});
    CHECK(Attributes(builder).Of(object, type).items.empty());
  }
}

TEST_CASE("attributes: a class without shared keys") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = AddClass(builder);
  const RemoteAddr object = builder.AddInstance(type, {RemoteAddr{0x1000}});
  builder.Put(type + builder.layout().type.ht_cached_keys, RemoteAddr{});
  const Visit visit = Attributes(builder).Of(object, type);
  CHECK_FALSE(visit.whole);
  CHECK(visit.items.empty());
}

TEST_CASE("attributes: __slots__ leave nothing to be found") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "Slotted";
  spec.basicsize = 32;
  spec.slots = {16, 24};
  const RemoteAddr type = builder.AddClass(spec);
  CHECK(Attributes(builder).Of(builder.AddObject(type), type).items.empty());
}

}  // namespace
}  // namespace leak_exporter::cpython
