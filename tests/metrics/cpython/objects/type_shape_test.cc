#include "metrics/cpython/objects/type_shape.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

using type_flags::kHaveGc;
using type_flags::kInlineValues;
using type_flags::kManagedDict;
using type_flags::kManagedWeakref;

TypeShape ShapeOf(const ObjectBuilder& builder, RemoteAddr type) {
  BuiltObjects built(builder);
  const TypeIndex index = built.types.Find(type);
  REQUIRE(index != kNoType);
  return TypeShapes(built.types, built.cache)[index];
}

uint64_t Word(uint64_t offset) { return uint64_t{1} << offset / 8; }

/// What an instance of `class A: pass` is, by version: what __basicsize__,
/// __dictoffset__ and __flags__ say, and sys.getsizeof(A()).
struct PlainClass {
  PythonVersion version;
  uint64_t basicsize;
  int64_t dictoffset;
  uint64_t flags;
  uint64_t getsizeof;
  ManagedDict attributes;
};
const std::vector<PlainClass> kPlainClasses = {
    {{2, 7, 18}, 32, 16, kHaveGc, 64, ManagedDict::kNone},
    {{3, 8, 18}, 32, 16, kHaveGc, 48, ManagedDict::kNone},
    {{3, 11, 2}, 24, -48, kHaveGc | kManagedDict, 56, ManagedDict::k311},
    {{3, 12, 1},
     16,
     -1,
     kHaveGc | kManagedDict | kManagedWeakref,
     48,
     ManagedDict::k312},
    {{3, 13, 5},
     16,
     -1,
     kHaveGc | kManagedDict | kManagedWeakref | kInlineValues,
     48,
     ManagedDict::k313},
    {{3, 15, 2},
     16,
     -1,
     kHaveGc | kManagedDict | kManagedWeakref | kInlineValues,
     48,
     ManagedDict::k313},
};

TEST_CASE("type shape: a class keeps attributes as the version does") {
  for (const PlainClass& plain : kPlainClasses) {
    INFO(ToString(plain.version));
    ObjectBuilder builder(plain.version);
    ClassSpec spec;
    spec.name = "A";
    spec.flags = plain.flags;
    spec.basicsize = plain.basicsize;
    spec.dictoffset = plain.dictoffset;
    if (plain.version.major == 3) spec.shared_names = {"a", "b", "c"};
    const TypeShape shape = ShapeOf(builder, builder.AddClass(spec));
    CHECK(shape.kind == ObjectKind::kPlain);
    CHECK(shape.references_known);
    CHECK(shape.fixed_bytes == plain.getsizeof);
    CHECK(shape.basicsize == static_cast<int64_t>(plain.basicsize));
    CHECK(shape.attributes == plain.attributes);
    CHECK(shape.inline_values == (plain.version.minor >= 13));
    // Its class.
    CHECK(shape.fixed_references == 1);
    CHECK(shape.words ==
          (plain.attributes == ManagedDict::kNone ? Word(16) : 0));
    CHECK(shape.shared_keys == (plain.attributes == ManagedDict::k311 ||
                                        plain.attributes == ManagedDict::k312
                                    ? 3
                                    : 0));
    CHECK_FALSE(shape.dict_from_end.has_value());
  }
}

TEST_CASE("type shape: slots are words, those of the bases too") {
  for (const PlainClass& plain : kPlainClasses) {
    INFO(ToString(plain.version));
    ObjectBuilder builder(plain.version);
    ClassSpec base;
    base.name = "Base";
    base.flags = kHaveGc;
    base.basicsize = 32;
    base.slots = {16, 24};
    ClassSpec spec;
    spec.name = "Slotted";
    spec.base = builder.AddClass(base);
    spec.basicsize = 48;
    spec.slots = {32, 40};
    const TypeShape shape = ShapeOf(builder, builder.AddClass(spec));
    CHECK(shape.words == (Word(16) | Word(24) | Word(32) | Word(40)));
    CHECK(shape.out_of_mask_words.empty());
    CHECK(shape.fixed_references == 1);
    CHECK(shape.attributes == ManagedDict::kNone);
    CHECK(shape.fixed_bytes == 48u + builder.layout().gc_head.size);
  }
}

TEST_CASE("type shape: slots beyond the mask") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "Large";
  spec.basicsize = 1024;
  spec.slots = {504, 512, 1016};
  const TypeShape shape = ShapeOf(builder, builder.AddClass(spec));
  CHECK(shape.words == Word(504));
  CHECK(shape.out_of_mask_words == std::vector<Offset>{512, 1016});
}

TEST_CASE("type shape: slots that there cannot be are left out") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  ClassSpec spec;
  spec.name = "Torn";
  spec.basicsize = 32;
  spec.slots = {16, 24};
  const RemoteAddr type = builder.AddClass(spec);
  const auto members = builder.Get<RemoteAddr>(type + layout.type.tp_members);
  // Not of the kind that __slots__ makes, and far outside.
  builder.Put<int32_t>(members + 8, 6);
  CHECK(ShapeOf(builder, type).words == Word(24));
  builder.Put<uint64_t>(members + 40 + 16, 1 << 20);
  CHECK(ShapeOf(builder, type).words == 0);
  builder.Put<uint64_t>(members + 40 + 16, 24);
  for (const int64_t count :
       {int64_t{0}, int64_t{-1}, int64_t{4097}, INT64_MIN}) {
    builder.Put(type + layout.object.ob_size, count);
    CHECK(ShapeOf(builder, type).words == 0);
  }
  builder.Put<int64_t>(type + layout.object.ob_size, 2);
  builder.Put(type + layout.type.tp_members, ObjectBuilder::kNowhere);
  CHECK(ShapeOf(builder, type).words == 0);
}

TEST_CASE("type shape: a child of a type with items has its dict at the end") {
  // class T(tuple): pass; T.__dictoffset__ == -8 in 3.8.18 and 3.11.2
  for (const PythonVersion& version :
       {PythonVersion{3, 8, 18}, PythonVersion{3, 11, 2}}) {
    ObjectBuilder builder(version);
    ClassSpec spec;
    spec.name = "T";
    spec.base = builder.Type("tuple");
    spec.basicsize = 32;
    spec.dictoffset = -8;
    const RemoteAddr type = builder.AddClass(spec);
    const TypeShape shape = ShapeOf(builder, type);
    CHECK(shape.kind == ObjectKind::kTuple);
    CHECK(shape.dict_from_end == -8);
    CHECK(shape.item_bytes == 8);
    CHECK(shape.words == 0);
    builder.Put<int64_t>(type + builder.layout().type.tp_dictoffset,
                         -(1 << 20));
    CHECK_FALSE(ShapeOf(builder, type).dict_from_end.has_value());
  }
}

TEST_CASE("type shape: kinds go by the native base's name") {
  const std::vector<std::pair<std::string, ObjectKind>> kinds = {
      {"tuple", ObjectKind::kTuple},
      {"list", ObjectKind::kList},
      {"dict", ObjectKind::kDict},
      {"set", ObjectKind::kSet},
      {"type", ObjectKind::kType},
      {"module", ObjectKind::kModule},
      {"int", ObjectKind::kLong},
      {"str", ObjectKind::kText},
      {"bytearray", ObjectKind::kByteArray},
      {"bytes", ObjectKind::kPlain},
      {"float", ObjectKind::kPlain}};
  for (const auto& [name, kind] : kinds) {
    INFO(name);
    ObjectBuilder builder({3, 11, 2});
    CHECK(ShapeOf(builder, builder.Type(name)).kind == kind);
    ClassSpec spec;
    spec.name = "collections.deque";
    spec.base = builder.Type(name);
    CHECK(ShapeOf(builder, builder.AddClass(spec)).kind == kind);
  }
  // 2.7's int is a C long.
  ObjectBuilder python2({2, 7, 18});
  CHECK(ShapeOf(python2, python2.Type("int")).kind == ObjectKind::kPlain);
  CHECK(ShapeOf(python2, python2.Type("long")).kind == ObjectKind::kLong);
  CHECK(ShapeOf(python2, python2.Type("unicode")).kind == ObjectKind::kText);
}

TEST_CASE("type shape: sizes are known but for a foreign __sizeof__") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().type;
  const RemoteAddr object = builder.Type("object");
  const RemoteAddr own =
      builder.AddDict({{builder.AddText(U"__sizeof__"), builder.AddNone()}});
  const RemoteAddr other =
      builder.AddDict({{builder.AddText(U"__sizeofx_"), builder.AddNone()}});
  const auto add = [&](RemoteAddr base, RemoteAddr dict) {
    ClassSpec spec;
    spec.name = "T";
    spec.base = base;
    const RemoteAddr type = builder.AddClass(spec);
    builder.Put(type + fields.tp_dict, dict);
    builder.Put(type + fields.tp_mro, builder.AddTuple({type, base, object}));
    return type;
  };
  builder.Put(object + fields.tp_dict, own);
  CHECK(ShapeOf(builder, add(object, other)).bytes_known);
  CHECK(ShapeOf(builder, add(builder.Type("list"), other)).bytes_known);
  CHECK_FALSE(ShapeOf(builder, add(object, own)).bytes_known);
  CHECK_FALSE(ShapeOf(builder, add(builder.Type("list"), own)).bytes_known);
  const RemoteAddr child = add(add(object, own), other);
  CHECK_FALSE(ShapeOf(builder, child).bytes_known);
}

TEST_CASE("type shape: nothing is known of free-threaded builds' sizes") {
  ObjectBuilder builder({3, 13, 5});
  const RemoteAddr list = builder.Type("list");
  CHECK(ShapeOf(builder, list).bytes_known);
  Layout layout = builder.layout();
  layout.free_threaded = true;
  const ImageMemory memory = builder.Memory();
  TypeTable types(memory, layout);
  ReadCache cache(memory);
  TypeShapes shapes(types, cache);
  const TypeShape shape = shapes[types.Find(list)];
  CHECK_FALSE(shape.bytes_known);
  CHECK_FALSE(shape.references_known);
}

TEST_CASE("type shape: what C types refer to, where that is known") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr object = builder.Type("object");
  const auto add = [&](const std::string& name, uint64_t basicsize) {
    return ShapeOf(
        builder,
        builder.AddType(
            {name, kHaveGc | type_flags::kHeapType, basicsize, 0, object, {}}));
  };
  // functools.partial: function, arguments, keywords, dict, and its type.
  const TypeShape partial = add("functools.partial", 64);
  CHECK(partial.references_known);
  CHECK(partial.words == (Word(16) | Word(24) | Word(32) | Word(40)));
  CHECK(partial.fixed_references == 1);
  // Of another size it is something else.
  const TypeShape other = add("functools.partial", 72);
  CHECK_FALSE(other.references_known);
  CHECK_FALSE(add("some.extension", 64).references_known);
}

TEST_CASE("type shape: without a tp_traverse nothing is referred to") {
  ObjectBuilder builder({3, 11, 2});
  const TypeShape shape = ShapeOf(
      builder,
      builder.AddType(
          {"some.extension", 0, 24, 0, builder.Type("object"), {}, false}));
  CHECK(shape.references_known);
  CHECK(shape.words == 0);
  CHECK(shape.fixed_references == 0);
  CHECK(shape.fixed_bytes == 24);
}

TEST_CASE("type shape: a C type that takes tp_traverse from its base") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr child = builder.AddType(
      {"collections.Special", kHaveGc, 56, 0, builder.Type("dict"), {}});
  const TypeShape shape = ShapeOf(builder, child);
  CHECK(shape.kind == ObjectKind::kDict);
  CHECK(shape.references_known);
  builder.Put(child + builder.layout().type.tp_traverse, RemoteAddr{0x400999});
  CHECK_FALSE(ShapeOf(builder, child).references_known);
}

TEST_CASE("type shape: a struct sequence has as many fields as it says") {
  for (const PythonVersion& version :
       {PythonVersion{3, 8, 18}, PythonVersion{3, 11, 2},
        PythonVersion{3, 13, 5}}) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr type =
        builder.AddType({"app.point",
                         kHaveGc | type_flags::kTupleSubclass,
                         24,
                         8,
                         builder.Type("tuple"),
                         {}});
    const Offset tp_dict = builder.layout().type.tp_dict;
    builder.Put(type + tp_dict,
                builder.AddDict(
                    {{builder.AddName("n_sequence_fields"), builder.AddInt(9)},
                     {builder.AddName("n_fields"), builder.AddInt(11)}}));
    // A tp_traverse of its own.
    builder.Put(type + builder.layout().type.tp_traverse, RemoteAddr{0x400999});
    CHECK(ShapeOf(builder, type).real_fields == 0);
    builder.Put(type + builder.layout().type.tp_traverse, RemoteAddr{});
    CHECK(ShapeOf(builder, type).kind == ObjectKind::kStructSequence);
    CHECK(ShapeOf(builder, type).real_fields == 11);
    builder.Put(type + tp_dict, builder.AddDict({{builder.AddName("n_fields"),
                                                  builder.AddInt(100'000)}}));
    CHECK(ShapeOf(builder, type).real_fields == 256);
    builder.Put(type + tp_dict, ObjectBuilder::kNowhere);
    CHECK(ShapeOf(builder, type).real_fields == 0);
  }
}

TEST_CASE("type shape: bases that lead nowhere or round end") {
  ObjectBuilder builder({3, 11, 2});
  const Offset tp_base = builder.layout().type.tp_base;
  ClassSpec spec;
  spec.name = "Ring";
  spec.flags = kHaveGc;
  spec.basicsize = 24;
  spec.slots = {16};
  const RemoteAddr type = builder.AddClass(spec);
  builder.Put(type + tp_base, ObjectBuilder::kNowhere);
  CHECK_FALSE(ShapeOf(builder, type).references_known);
  builder.Put(type + tp_base, type);
  const TypeShape ring = ShapeOf(builder, type);
  CHECK_FALSE(ring.references_known);
  CHECK(ring.words == Word(16));
}

TEST_CASE("type shape: sizes that no instance has are cut") {
  ObjectBuilder builder({3, 11, 2});
  const TypeShape shape = ShapeOf(
      builder, builder.AddType({"large", 0, 1 << 25, 1 << 25, {}, {}, false}));
  CHECK(shape.fixed_bytes == 1 << 20);
  CHECK(shape.item_bytes == 1 << 20);
}

TEST_CASE("type shape: of free-threaded builds no references are known") {
  ObjectBuilder builder({3, 13, 5}, true);
  const TypeShape shape = ShapeOf(builder, builder.Type("list"));
  CHECK_FALSE(shape.references_known);
  // PyListObject behind a PyObject of four words, and no head before it.
  CHECK(shape.fixed_bytes == 56);
}

TEST_CASE("type shapes: each is made once") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr list = builder.Type("list");
  BuiltObjects built(builder);
  TypeShapes shapes(built.types, built.cache);
  const TypeIndex index = built.types.Find(list);
  const TypeShape* first = &shapes[index];
  CHECK(&shapes[index] == first);
}

}  // namespace
}  // namespace leak_exporter::cpython
