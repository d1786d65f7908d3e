#include "metrics/cpython/repr/repr_context.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("bounded text: full after so many characters of any width") {
  BoundedText text(3);
  CHECK_FALSE(text.full());
  text.Put(U'a');
  text.Put(U'\u20ac');
  CHECK_FALSE(text.full());
  text.Put(U'\U0001f600');
  CHECK(text.full());
  text.Put(U'x');
  text.Put("x");
  CHECK(text.Take() == "a\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST_CASE("bounded text: a string is cut between characters") {
  BoundedText text(4);
  text.Put("\xce\x94\xce\x94");
  text.Put("ab\xce\x94");
  CHECK(text.full());
  CHECK(text.Take() ==
        "\xce\x94\xce\x94"
        "ab");
}

TEST_CASE("bounded text: no characters at all") {
  BoundedText text(0);
  CHECK(text.full());
  text.Put("x");
  text.Put(U'x');
  CHECK(text.Take().empty());
}

/// A context over what was built.
struct Reading {
  explicit Reading(const ObjectBuilder& builder)
      : built(builder),
        context{built.types, built.cache, built.layout, BoundedText(100), {}} {}
  BuiltObjects built;
  ReprContext context;
};

TEST_CASE("context: pointers and types that cannot be read are NULL") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddName("a");
  const RemoteAddr type = builder.Type("str");
  Reading reading(builder);
  CHECK(reading.context.TypeOf(text) == type);
  CHECK(reading.context.Pointer(text + 8) == type);
  CHECK(reading.context.TypeOf(ObjectBuilder::kNowhere) == RemoteAddr{});
  CHECK_FALSE(reading.context.python2());
}

TEST_CASE("context: recursive is what is being shown further out, too") {
  Reading reading(ObjectBuilder({3, 11, 2}));
  reading.context.active = {RemoteAddr{1}, RemoteAddr{2}};
  CHECK_FALSE(reading.context.IsRecursive(RemoteAddr{2}));
  reading.context.active.push_back(RemoteAddr{1});
  CHECK(reading.context.IsRecursive(RemoteAddr{1}));
  CHECK_FALSE(reading.context.IsRecursive(RemoteAddr{3}));
}

TEST_CASE("context: items and attributes by name") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr first = builder.AddInt(1);
  const RemoteAddr dict =
      builder.AddDict({{builder.AddInt(7), RemoteAddr{0x99}},
                       {builder.AddName("longer"), RemoteAddr{0x98}},
                       {builder.AddName("long"), first}});
  ClassSpec spec;
  spec.name = "A";
  spec.flags = type_flags::kManagedDict;
  spec.basicsize = 24;
  spec.shared_names = {"x", "name"};
  const RemoteAddr object =
      builder.AddInstance(builder.AddClass(spec), {builder.AddNone(), first});
  Reading reading(builder);
  CHECK(FindItem(reading.context, dict, "long") == first);
  CHECK(FindItem(reading.context, dict, "lon") == RemoteAddr{});
  CHECK(FindItem(reading.context, {}, "long") == RemoteAddr{});
  CHECK(FindItem(reading.context, ObjectBuilder::kNowhere, "long") ==
        RemoteAddr{});
  CHECK(FindAttribute(reading.context, object, "name") == first);
  CHECK(FindAttribute(reading.context, object, "other") == RemoteAddr{});
  CHECK(FindAttribute(reading.context, ObjectBuilder::kNowhere, "name") ==
        RemoteAddr{});
}

TEST_CASE("context: a short text only where there is a str") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddText(U"\u0394");
  const RemoteAddr bytes = builder.AddBytes("a");
  const RemoteAddr large = builder.AddText(std::u32string((64 << 10) + 1, 'x'));
  Reading reading(builder);
  CHECK(ReadShortText(reading.context, text) == "\xce\x94");
  CHECK(ReadShortText(reading.context, bytes).empty());
  CHECK(ReadShortText(reading.context, large).empty());
  CHECK(ReadShortText(reading.context, {}).empty());
  CHECK(ReadShortText(reading.context, ObjectBuilder::kNowhere).empty());
}

TEST_CASE("context: None is told by its type") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr none = builder.AddNone();
  const RemoteAddr zero = builder.AddInt(0);
  Reading reading(builder);
  CHECK(IsNone(reading.context, none));
  CHECK_FALSE(IsNone(reading.context, zero));
  CHECK_FALSE(IsNone(reading.context, {}));
}

TEST_CASE("context: short names leave out the module that C code puts before") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr native =
      builder.AddType({"a.b.thing", 0, 16, 0, builder.Type("object"), {}});
  ClassSpec spec;
  spec.name = "with.dot";
  const RemoteAddr made = builder.AddClass(spec);
  Reading reading(builder);
  TypeTable& types = reading.built.types;
  CHECK(ShortName(reading.context, types.Find(native)) == "thing");
  CHECK(ShortName(reading.context, types.Find(made)) == "with.dot");
  CHECK(TpName(reading.context, types.Find(native)) == "a.b.thing");
}

}  // namespace
}  // namespace leak_exporter::cpython
