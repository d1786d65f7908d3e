#include "metrics/cpython/sizes/untracked_counter.h"

#include <bit>
#include <map>

#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

using Types = std::vector<RemoteAddr>;

/// The types of these names, and tuple, which a real list always has: the
/// objects that are to be counted come behind them in memory.
Types Wanted(ObjectBuilder& builder, const std::vector<std::string>& names) {
  Types types;
  for (const std::string& name : names) types.push_back(builder.Type(name));
  types.push_back(builder.Type("tuple"));
  return types;
}

struct Census {
  Census(const ObjectBuilder& builder, const Types& wanted)
      : built(builder), counter(built.types, Indices(wanted)) {}

  std::vector<TypeIndex> Indices(const Types& wanted) {
    std::vector<TypeIndex> indices;
    for (const RemoteAddr type : wanted)
      indices.push_back(built.types.Find(type));
    return indices;
  }
  /// Everything from `begin` on, in one block or in such.
  Census& Visit(RemoteAddr begin, size_t block = SIZE_MAX, size_t step = 0) {
    const MemorySegment& segment = built.memory.segments().front();
    const std::span<const std::byte> all =
        std::span(segment.bytes).subspan(Value(begin) - Value(segment.address));
    for (size_t at = 0; at < all.size(); at += step) {
      const auto bytes = all.subspan(at, std::min(block, all.size() - at));
      counter.Visit({begin + at, bytes, {}}, built.types);
      if (step == 0) break;
    }
    return *this;
  }
  std::string operator[](size_t wanted) const {
    const UntrackedUsage& usage = counter.usage()[wanted];
    return std::to_string(usage.objects) + " of " + std::to_string(usage.bytes);
  }
  BuiltObjects built;
  UntrackedCounter counter;
};

TEST_CASE("untracked: living objects and their bytes, by type") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"int", "str", "bytes"});
  const RemoteAddr begin = builder.Allocate(16);
  for (int i = 1; i <= 5; ++i) builder.AddInt(i);
  builder.AddInt(false, {0, 0, 1});
  builder.AddText(U"abc");
  builder.AddText(U"\u0394\u0394");
  builder.AddBytes("12345");
  Census census(builder, types);
  census.Visit(begin);
  // sys.getsizeof() in 3.11.2: 28 each and 36; 52 and 78; 38.
  CHECK(census[0] == "6 of 176");
  CHECK(census[1] == "2 of 130");
  CHECK(census[2] == "1 of 38");
  CHECK(census.counter.usage()[0].type == census.built.types.Find(types[0]));
}

TEST_CASE("untracked: each object once, however the blocks overlap") {
  for (const size_t block : {256, 512, 4096}) {
    ObjectBuilder builder({3, 11, 2});
    const Types types = Wanted(builder, {"int"});
    const RemoteAddr begin = builder.Allocate(16);
    for (int i = 1; i <= 100; ++i) builder.AddInt(i);
    CHECK(Census(builder, types).Visit(begin, block, block / 2)[0] ==
          "100 of 2800");
  }
}

TEST_CASE("untracked: an object that ends where the memory does") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"int"});
  const RemoteAddr begin = builder.Allocate(16);
  builder.AddObject(types[0], 32);
  const RemoteAddr last = builder.AddInt(7);
  // Its header alone is in the block.
  Census census(builder, types);
  census.Visit(begin, Value(last) - Value(begin) + 16, 1 << 20);
  CHECK(census[0] == "2 of 56");
}

TEST_CASE("untracked: what a freed object leaves behind is none") {
  const auto found = [](auto tear) {
    ObjectBuilder builder({3, 11, 2});
    const Types types = Wanted(builder, {"int"});
    const RemoteAddr begin = builder.Allocate(16);
    const RemoteAddr object = builder.AddInt(5);
    tear(builder, object, types[0]);
    return Census(builder, types).Visit(begin).counter.usage()[0].objects;
  };
  CHECK(found([](auto&, auto, auto) {}) == 1);
  const auto with_count = [&](uint64_t count) {
    return found(
        [&](auto& builder, auto object, auto) { builder.Put(object, count); });
  };
  CHECK(with_count(0) == 0);
  CHECK(with_count(1 << 20) == 1);
  CHECK(with_count((1 << 20) + 1) == 0);
  // An address: the next free block.
  CHECK(with_count(0x7f0000001000) == 0);
  // The entry of a dict: a hash before its key.
  CHECK(found([](auto& builder, auto object, auto type) {
          builder.Put(object, std::rotr(Value(type), 4));
        }) == 0);
  CHECK(found([](auto& builder, auto object, auto type) {
          builder.Put(object + 8, type + 16);
        }) == 0);
}

TEST_CASE("untracked: counts that never change, from 3.12 on") {
  const auto found = [](const PythonVersion& version, uint64_t count) {
    ObjectBuilder builder(version);
    const Types types = Wanted(builder, {"int"});
    const RemoteAddr begin = builder.Allocate(16);
    builder.Put(builder.AddInt(5), count);
    return Census(builder, types).Visit(begin).counter.usage()[0].objects;
  };
  // sys.getrefcount(None): 4294967295 in 3.12.1 and 3.13.5, 3221225472 in
  // 3.14 and later.
  CHECK(found({3, 11, 2}, 4294967295) == 0);
  CHECK(found({3, 12, 1}, 4294967295) == 1);
  CHECK(found({3, 13, 5}, 4294967295) == 1);
  CHECK(found({3, 15, 2}, 3221225472) == 1);
  CHECK(found({3, 13, 5}, uint64_t{1} << 32) == 0);
  // Flags above the count.
  CHECK(found({3, 15, 2}, uint64_t{0x40} << 48 | 3) == 1);
  CHECK(found({3, 13, 5}, uint64_t{0x40} << 48 | 3) == 0);
}

TEST_CASE("untracked: where no tuples are counted, a NULL before is no tuple") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"float"});
  const RemoteAddr begin = builder.Allocate(16);
  builder.AddObject(types[0]);
  Census census(builder, types);
  census.Visit(begin);
  CHECK(census[0] == "1 of 24");
}

TEST_CASE("untracked: what only looks like an object is cut off somewhere") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const Types types = Wanted(builder, {"int", "str", "bytes", "bytearray"});
  const RemoteAddr begin = builder.Allocate(16);
  // A highest digit that is zero, or none of 30 bits.
  builder.AddInt(false, {1, 0});
  builder.AddInt(false, {1, 1u << 30});
  // No NUL at the end.
  const RemoteAddr text = builder.AddText(U"abc");
  builder.Put<uint8_t>(text + layout.unicode.ascii_size + 3, 'x');
  const RemoteAddr wide = builder.AddText(U"\u0394");
  builder.Put<uint16_t>(wide + layout.unicode.compact_size + 2, 1);
  const RemoteAddr kind = builder.AddText(U"abc");
  builder.Put<uint32_t>(kind + layout.unicode.state, 5 << 2 | 1 << 5 | 1 << 6);
  const RemoteAddr bytes = builder.AddBytes("abc");
  builder.Put<uint8_t>(bytes + layout.bytes.ob_sval + 3, 'x');
  // Lengths that lead nowhere.
  const RemoteAddr endless = builder.AddText(U"abc");
  builder.Put<int64_t>(endless + layout.unicode.length, -1);
  const RemoteAddr far = builder.AddBytes("abc");
  builder.Put<uint64_t>(far + layout.object.ob_size, uint64_t{1} << 41);
  // More bytes than are allocated.
  const RemoteAddr array = builder.AddObject(types[3]);
  builder.Put<uint64_t>(array + layout.object.ob_size, 9);
  builder.Put<uint64_t>(array + layout.bytearray.ob_alloc, 8);
  Census census(builder, types);
  census.Visit(begin);
  for (size_t i = 0; i < types.size(); ++i) CHECK(census[i] == "0 of 0");
}

TEST_CASE("untracked: tuples and dicts only where the collector left them") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"dict"});
  const RemoteAddr begin = builder.Allocate(16);
  const RemoteAddr none = builder.AddNone();
  const RemoteAddr tracked = builder.AddTuple({none, none});
  builder.Put<uint64_t>(tracked - 16, 0x7f0000001000);
  builder.Put<uint64_t>(tracked - 8, 0x7f0000001000);
  builder.AddTuple({none, none});
  builder.AddDict({{none, none}}, DictForm::kText);
  Census census(builder, types);
  census.Visit(begin);
  // A dict with one str key, and (None, None), in 3.11.2.
  CHECK(census[0] == "1 of 184");
  CHECK(census[1] == "1 of 56");
}

TEST_CASE("untracked: up to 3.7 gc_refs says whether an object is tracked") {
  const auto found = [](const PythonVersion& version, int64_t refs) {
    ObjectBuilder builder(version);
    const Types types = Wanted(builder, {});
    const RemoteAddr begin = builder.Allocate(16);
    const RemoteAddr tuple = builder.AddTuple({builder.AddNone()});
    builder.Put(tuple - 32 + 16, refs);
    return Census(builder, types).Visit(begin).counter.usage()[0].objects;
  };
  // GC_UNTRACKED and GC_REACHABLE; from 3.6 on above a flag.
  CHECK(found({2, 7, 18}, -2) == 1);
  CHECK(found({2, 7, 18}, -3) == 0);
  CHECK(found({3, 7, 16}, -2 * 2) == 1);
  CHECK(found({3, 7, 16}, -3 * 2) == 0);
}

TEST_CASE("untracked: a tuple of types is no object of the first of them") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"float"});
  const RemoteAddr begin = builder.Allocate(16);
  // Its length and its first item stand where a count and a type do, at a
  // multiple of 16.
  const RemoteAddr tuple = builder.AddTuple({types[0]});
  REQUIRE(Value(tuple + 16) % 16 == 0);
  Census census(builder, types);
  census.Visit(begin);
  CHECK(census[0] == "0 of 0");
  CHECK(census[1] == "1 of 48");
}

TEST_CASE("untracked: nothing is wanted, or the block is too short") {
  ObjectBuilder builder({3, 11, 2});
  const Types types = Wanted(builder, {"int"});
  const RemoteAddr begin = builder.AddInt(5);
  CHECK(Census(builder, {}).Visit(begin).counter.usage().empty());
  CHECK(Census(builder, types).Visit(begin, 15)[0] == "0 of 0");
  CHECK(Census(builder, types).Visit(begin, 16)[0] == "1 of 28");
}

/// sys.modules with modules that have these names.
RemoteAddr AddModules(
    ObjectBuilder& builder,
    const std::map<std::string, ObjectBuilder::Items>& modules) {
  const Offset md_dict = builder.layout().internal.module.md_dict;
  ObjectBuilder::Items items;
  for (const auto& [name, content] : modules) {
    const RemoteAddr module = builder.AddObject(builder.Type("module"));
    builder.Put(module + md_dict, builder.AddDict(content));
    items.emplace_back(builder.AddName(name), module);
  }
  return builder.AddDict(items);
}

std::vector<RemoteAddr> Untracked(const ObjectBuilder& builder,
                                  RemoteAddr modules) {
  BuiltObjects built(builder);
  std::vector<RemoteAddr> found;
  for (const TypeIndex type : FindUntrackedTypes(built.types, modules))
    found.push_back(built.types[type].address);
  return found;
}

TEST_CASE("untracked types: those of the builtins, and numpy's arrays") {
  for (const PythonVersion& version :
       {PythonVersion{2, 7, 18}, PythonVersion{3, 8, 18},
        PythonVersion{3, 11, 2}, PythonVersion{3, 15, 2}}) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr number = builder.Type("int");
    const RemoteAddr text = builder.Type("str");
    const RemoteAddr array = builder.AddType(
        {"numpy.ndarray", 0, 96, 0, builder.Type("object"), {}, false});
    const RemoteAddr modules = AddModules(
        builder,
        {{version.major < 3 ? "__builtin__" : "builtins",
          {{builder.AddName("str"), text},
           {builder.AddName("list"), builder.Type("list")},
           {builder.AddName("float"), builder.AddNone()},
           {builder.AddName("int"), number}}},
         {"numpy", {{builder.AddName("ndarray"), array}}},
         {"other", {{builder.AddName("bytes"), builder.Type("tuple")}}}});
    CHECK(Untracked(builder, modules) ==
          std::vector<RemoteAddr>{number, text, array});
  }
}

TEST_CASE("untracked types: one that has two names is one") {
  // bytes is str in 2.7.
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr text = builder.Type("str");
  CHECK(
      Untracked(builder,
                AddModules(builder, {{"__builtin__",
                                      {{builder.AddName("str"), text},
                                       {builder.AddName("bytes"), text}}}})) ==
      std::vector<RemoteAddr>{text});
}

TEST_CASE("untracked types: none where the modules are not") {
  ObjectBuilder builder({3, 11, 2});
  builder.Type("int");
  CHECK(Untracked(builder, ObjectBuilder::kNowhere).empty());
  CHECK(Untracked(builder, builder.AddDict({})).empty());
  CHECK(Untracked(builder, builder.AddDict({{builder.AddName("builtins"),
                                             ObjectBuilder::kNowhere}}))
            .empty());
}

}  // namespace
}  // namespace leak_exporter::cpython
