#include "metrics/cpython/objects/python_class.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

bool IsClass(const ObjectBuilder& builder, RemoteAddr type) {
  BuiltObjects built(builder);
  const TypeIndex index = built.types.Find(type);
  REQUIRE(index != kNoType);
  return IsPythonClass(built.types[index], built.layout, built.cache);
}

/// The address of the native base; 0 where it is absent.
RemoteAddr NativeBase(const ObjectBuilder& builder, RemoteAddr type) {
  BuiltObjects built(builder);
  const TypeIndex index = built.types.Find(type);
  REQUIRE(index != kNoType);
  const auto base =
      FindNativeBase(built.types, built.cache, built.types[index]);
  return base ? base->address : RemoteAddr{};
}

ClassSpec Named(const std::string& name, RemoteAddr base = {}) {
  ClassSpec spec;
  spec.name = name;
  spec.base = base;
  return spec;
}

TEST_CASE("python class: a class statement's, not C code's") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    CHECK(IsClass(builder, builder.AddClass(Named("Class"))));
    CHECK_FALSE(IsClass(builder, builder.Type("dict")));
    // PyType_FromSpec: a heap type with its name in C code's own data.
    const RemoteAddr from_spec =
        builder.AddType({"module.FromSpec", type_flags::kHeapType, 16, 0,
                         builder.Type("object")});
    builder.Put(from_spec + builder.layout().type.ht_name,
                builder.AddName("FromSpec"));
    CHECK_FALSE(IsClass(builder, from_spec));
  }
}

TEST_CASE("python class: a name that is not ASCII points into its UTF-8 form") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddClass(Named("Class"));
  const RemoteAddr utf8 = builder.Allocate(16);
  builder.PutText(utf8,
                  "Stra\xc3\x9f"
                  "e");
  const RemoteAddr name = builder.AddText(
      U"Stra\xdf"
      U"e");
  builder.Put(name + builder.layout().unicode.utf8, utf8);
  builder.Put(type + builder.layout().type.ht_name, name);
  builder.Put(type + builder.layout().type.tp_name, utf8);
  CHECK(IsClass(builder, type));
  builder.Put(name + builder.layout().unicode.utf8, utf8 + 1);
  CHECK_FALSE(IsClass(builder, type));
}

TEST_CASE("python class: a name that cannot be read is none") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddClass(Named("Class"));
  builder.Put(type + builder.layout().type.ht_name, ObjectBuilder::kNowhere);
  CHECK_FALSE(IsClass(builder, type));
}

TEST_CASE("native base: the nearest one, through any number of classes") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr dict = builder.Type("dict");
    CHECK(NativeBase(builder, dict) == dict);
    const RemoteAddr child = builder.AddClass(Named("Child", dict));
    CHECK(NativeBase(builder, child) == dict);
    const RemoteAddr grandchild = builder.AddClass(Named("Grandchild", child));
    CHECK(NativeBase(builder, grandchild) == dict);
    CHECK(NativeBase(builder, builder.AddClass(Named("Plain"))) ==
          builder.Type("object"));
  }
}

TEST_CASE("native base: absent where the bases lead nowhere or round") {
  ObjectBuilder builder({3, 11, 2});
  const Offset tp_base = builder.layout().type.tp_base;
  const RemoteAddr first = builder.AddClass(Named("First"));
  const RemoteAddr second = builder.AddClass(Named("Second", first));
  builder.Put(first + tp_base, ObjectBuilder::kNowhere);
  CHECK(NativeBase(builder, second) == RemoteAddr{});
  builder.Put(first + tp_base, RemoteAddr{});
  CHECK(NativeBase(builder, second) == RemoteAddr{});
  builder.Put(first + tp_base, second);
  CHECK(NativeBase(builder, second) == RemoteAddr{});
  builder.Put(second + tp_base, second);
  CHECK(NativeBase(builder, second) == RemoteAddr{});
}

}  // namespace
}  // namespace leak_exporter::cpython
