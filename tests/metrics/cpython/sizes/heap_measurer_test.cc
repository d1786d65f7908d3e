#include "metrics/cpython/sizes/heap_measurer.h"

#include "metrics/cpython/objects/dict.h"
#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

/// Objects as a walk hands them out: by block.
class Walk {
 public:
  explicit Walk(const ObjectBuilder& builder, size_t top = 10)
      : built_(builder), measurer_(built_.types, top) {}
  Walk(const ObjectBuilder& builder, ImageMemory memory)
      : built_(builder, std::move(memory)), measurer_(built_.types, 10) {}

  /// A block of `bytes` around these objects, from `before` the first on.
  void Visit(const std::vector<RemoteAddr>& objects, size_t bytes = 4096,
             size_t before = 64) {
    const RemoteAddr begin = objects.front() - before;
    std::vector<std::byte> content(bytes);
    content.resize(built_.memory.ReadSome(begin, content).value_or(0));
    std::vector<ObjectRef> refs;
    for (const RemoteAddr object : objects) {
      const TypeIndex type = built_.types.Find(
          *built_.memory.ReadPointer(object + built_.layout.object.ob_type));
      REQUIRE(type != kNoType);
      refs.push_back(
          {static_cast<uint32_t>(Value(object) - Value(begin)), type});
    }
    measurer_.Visit({begin, content, refs}, built_.types);
  }
  void Retract(RemoteAddr object) {
    const RemoteAddr begin = object - 64;
    std::vector<std::byte> content(4096);
    content.resize(built_.memory.ReadSome(begin, content).value_or(0));
    const TypeIndex type = built_.types.Find(
        *built_.memory.ReadPointer(object + built_.layout.object.ob_type));
    const std::vector<ObjectRef> refs = {{64, type}};
    measurer_.Retract({begin, content, refs}, built_.types);
  }
  TypeUsage UsageOf(RemoteAddr type) {
    return measurer_.usage().at(built_.types.Find(type));
  }
  HeapMeasurer& measurer() { return measurer_; }

 private:
  BuiltObjects built_;
  HeapMeasurer measurer_;
};

void CheckUsage(const TypeUsage& usage, uint64_t objects, uint64_t bytes,
                uint64_t references) {
  CHECK(usage.objects == objects);
  CHECK(usage.bytes == bytes);
  CHECK(usage.references == references);
}

/// What stands between two objects, so that no block has both.
void AddGap(ObjectBuilder& builder) { builder.Allocate(8192); }

TEST_CASE("heap measurer: objects, bytes and references by type") {
  ObjectBuilder builder({3, 11, 2});
  const std::vector<RemoteAddr> two(2, builder.AddNone());
  const std::vector<RemoteAddr> objects = {
      builder.AddList(two), builder.AddList({}), builder.AddTuple(two),
      builder.AddDict({{two[0], two[1]}}, DictForm::kText)};
  Walk walk(builder);
  walk.Visit(objects);
  walk.measurer().Finish();
  // sys.getsizeof() in 3.11.2: 72 and 56; 56; 184.
  CheckUsage(walk.UsageOf(builder.Type("list")), 2, 128, 2);
  CheckUsage(walk.UsageOf(builder.Type("tuple")), 1, 56, 2);
  CheckUsage(walk.UsageOf(builder.Type("dict")), 1, 184, 1);
}

TEST_CASE("heap measurer: what is retracted is in no sum and no ranking") {
  ObjectBuilder builder({3, 13, 5});
  const std::vector<RemoteAddr> two(2, builder.AddNone());
  const RemoteAddr small = builder.AddList({});
  const RemoteAddr large = builder.AddList(two);
  AddGap(builder);
  const RemoteAddr put_off = builder.AddObject(builder.Type("dict"), 48);
  AddGap(builder);
  builder.FillDict(put_off, {{two[0], two[1]}}, DictForm::kGeneral);
  Walk walk(builder);
  walk.Visit({small, large});
  walk.Visit({put_off});
  walk.Retract(large);
  walk.Retract(put_off);
  walk.measurer().Finish();
  CheckUsage(walk.UsageOf(builder.Type("list")), 1, 56, 0);
  CheckUsage(walk.UsageOf(builder.Type("dict")), 0, 0, 0);
  REQUIRE(walk.measurer().by_bytes().objects().size() == 1);
  CHECK(walk.measurer().by_bytes().objects()[0].address == small);
}

TEST_CASE("heap measurer: what has no known size is counted, not ranked") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().type;
  ClassSpec spec;
  spec.name = "Frame";
  const RemoteAddr type = builder.AddClass(spec);
  builder.Put(
      type + fields.tp_dict,
      builder.AddDict({{builder.AddText(U"__sizeof__"), builder.AddNone()}}));
  builder.Put(type + fields.tp_mro,
              builder.AddTuple({type, builder.Type("object")}));
  const RemoteAddr frame = builder.AddObject(type);
  Walk walk(builder);
  walk.Visit({frame});
  walk.measurer().Finish();
  CHECK(walk.UsageOf(type).objects == 1);
  CHECK_FALSE(walk.UsageOf(type).bytes_known);
  CHECK(walk.measurer().by_bytes().objects().empty());
}

TEST_CASE("heap measurer: what lies outside of a block is put off to the end") {
  for (const PythonVersion& version :
       {PythonVersion{3, 11, 2}, PythonVersion{3, 13, 5}}) {
    ObjectBuilder builder(version);
    std::vector<RemoteAddr> dicts;
    const RemoteAddr none = builder.AddNone();
    for (int i = 0; i < 3; ++i) {
      dicts.push_back(builder.AddObject(builder.Type("dict"), 48));
      AddGap(builder);
      builder.FillDict(dicts.back(), {{none, none}}, DictForm::kGeneral);
    }
    Walk walk(builder);
    for (const RemoteAddr dict : dicts) walk.Visit({dict});
    CheckUsage(walk.UsageOf(builder.Type("dict")), 0, 0, 0);
    walk.measurer().Finish();
    // {1: 2} is 224, with a key and a value.
    CheckUsage(walk.UsageOf(builder.Type("dict")), 3, 672, 6);
    walk.measurer().Finish();
    CheckUsage(walk.UsageOf(builder.Type("dict")), 3, 672, 6);
  }
}

TEST_CASE("heap measurer: keys at the very end of a block, and over it") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr dict = builder.AddObject(builder.Type("dict"), 48);
  const RemoteAddr none = builder.AddNone();
  builder.FillDict(dict, {{none, none}}, DictForm::kText);
  const auto keys =
      builder.Get<RemoteAddr>(dict + builder.layout().dict.ma_keys);
  const size_t end = Value(keys) - Value(dict) + 64 + DictKeys::kHeaderBytes;
  Walk whole(builder);
  whole.Visit({dict}, end);
  CheckUsage(whole.UsageOf(builder.Type("dict")), 1, 184, 1);
  Walk cut(builder);
  cut.Visit({dict}, end - 1);
  CheckUsage(cut.UsageOf(builder.Type("dict")), 0, 0, 0);
  cut.measurer().Finish();
  CheckUsage(cut.UsageOf(builder.Type("dict")), 1, 184, 1);
}

TEST_CASE("heap measurer: keys that are nowhere leave the object counted") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr torn = builder.AddDict({});
  const RemoteAddr whole = builder.AddDict({});
  builder.Put(torn + builder.layout().dict.ma_keys, ObjectBuilder::kNowhere);
  Walk walk(builder);
  walk.Visit({torn, whole});
  walk.measurer().Finish();
  // 64 bytes without keys, and 160 of a table of eight.
  CheckUsage(walk.UsageOf(builder.Type("dict")), 2, 288, 0);
}

TEST_CASE("heap measurer: attribute values elsewhere are put off, too") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "A";
  spec.flags = type_flags::kHaveGc | type_flags::kManagedDict;
  spec.basicsize = 24;
  spec.shared_names = {"a", "b"};
  const RemoteAddr type = builder.AddClass(spec);
  AddGap(builder);
  const RemoteAddr object = builder.AddObject(type, 24);
  AddGap(builder);
  const RemoteAddr other =
      builder.AddInstance(type, {builder.AddNone(), builder.AddNone()});
  builder.Put(object - 32, builder.Get<RemoteAddr>(other - 32));
  Walk walk(builder);
  walk.Visit({object});
  CheckUsage(walk.UsageOf(type), 0, 0, 0);
  walk.measurer().Finish();
  CheckUsage(walk.UsageOf(type), 1, 56, 3);
}

TEST_CASE("heap measurer: the largest objects come first") {
  ObjectBuilder builder({3, 11, 2});
  std::vector<RemoteAddr> lists;
  for (const size_t items : {3, 9, 1, 7})
    lists.push_back(
        builder.AddList(std::vector<RemoteAddr>(items, builder.AddNone())));
  Walk walk(builder, 2);
  walk.Visit(lists);
  walk.measurer().Finish();
  const auto& by_bytes = walk.measurer().by_bytes().objects();
  REQUIRE(by_bytes.size() == 2);
  CHECK(by_bytes[0].address == lists[1]);
  CHECK(by_bytes[1].address == lists[3]);
  const auto& by_references = walk.measurer().by_references().objects();
  REQUIRE(by_references.size() == 2);
  CHECK(by_references[0].address == lists[1]);
  CHECK(by_references[1].address == lists[3]);
}

TEST_CASE("heap measurer: a large object right behind a mapping's begin") {
  // malloc(3) puts a large block 16 bytes behind the begin of a mapping.
  constexpr size_t kBefore = 32;
  constexpr size_t kItems = 200'000;
  ObjectBuilder builder({3, 11, 2});
  const std::vector<RemoteAddr> items(kItems, builder.AddNone());
  const RemoteAddr type = builder.Type("tuple");
  builder.Allocate(4096);
  const RemoteAddr tuple = builder.AddTuple(items);
  ImageMemory whole = builder.Memory();
  const MemorySegment& all = whole.segments().front();
  const auto begin =
      static_cast<ptrdiff_t>(Value(tuple) - kBefore - Value(all.address));
  std::vector<MemorySegment> segments = {
      {all.address, {all.bytes.begin(), all.bytes.begin() + begin - 64}},
      {tuple - kBefore, {all.bytes.begin() + begin, all.bytes.end()}}};
  Walk walk(builder, *ImageMemory::FromSegments(std::move(segments)));
  walk.Visit({tuple}, 4096 + kBefore, kBefore);
  walk.measurer().Finish();
  // sys.getsizeof() of a tuple is 40, and 8 for each item.
  CheckUsage(walk.UsageOf(type), 1, 40 + 8 * kItems, kItems);
}

TEST_CASE("heap measurer: what refers to nobody knows what is not ranked") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddType({"some.extension",
                                           type_flags::kHaveGc,
                                           48,
                                           0,
                                           builder.Type("object"),
                                           {}});
  const RemoteAddr object = builder.AddObject(type);
  Walk walk(builder);
  walk.Visit({object});
  walk.measurer().Finish();
  CHECK_FALSE(walk.UsageOf(type).references_known);
  CHECK(walk.UsageOf(type).objects == 1);
  CHECK(walk.UsageOf(type).bytes == 64);
  CHECK(walk.measurer().by_references().objects().empty());
  CHECK(walk.measurer().by_bytes().objects().size() == 1);
}

TEST_CASE("heap measurer: 3.8's dicts are told apart by what object knows") {
  ObjectBuilder builder({3, 8, 18});
  builder.Put(builder.Type("object") + builder.layout().type.tp_subclasses,
              builder.AddDict({}));
  const RemoteAddr none = builder.AddNone();
  const RemoteAddr dict = builder.AddDict({{none, none}});
  Walk walk(builder);
  walk.Visit({dict});
  walk.measurer().Finish();
  CheckUsage(walk.UsageOf(builder.Type("dict")), 1, 232, 2);
}

}  // namespace
}  // namespace leak_exporter::cpython
