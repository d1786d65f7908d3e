#include "metrics/cpython/objects/type_table.h"

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"
#include "tests/metrics/remote/faulty_memory.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

bool IsType(const ObjectBuilder& builder, RemoteAddr address) {
  BuiltObjects built(builder);
  return built.types.Find(address) != kNoType;
}

Result<std::string> NameOf(const ObjectBuilder& builder, RemoteAddr type) {
  BuiltObjects built(builder);
  const TypeIndex index = built.types.Find(type);
  REQUIRE(index != kNoType);
  return built.types.ReadName(index);
}

TEST_CASE("types: what is one, with its fields") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const RemoteAddr object = builder.Type("object");
    const RemoteAddr type =
        builder.AddType({"some.thing", type_flags::kHaveGc, 48, 8, object, {}});
    builder.Put<int64_t>(type + builder.layout().type.tp_dictoffset, -8);
    builder.Put<int64_t>(type + builder.layout().type.tp_weaklistoffset, 40);
    BuiltObjects built(builder);
    const TypeIndex index = built.types.Find(type);
    REQUIRE(index != kNoType);
    // The metatype was met on the way.
    CHECK(built.types.size() == 2);
    const TypeInfo& info = built.types[index];
    CHECK(info.address == type);
    CHECK(info.metatype == builder.Type("type"));
    CHECK(info.base == object);
    CHECK(info.basicsize == 48);
    CHECK(info.itemsize == 8);
    CHECK(info.dictoffset == -8);
    CHECK(info.weaklistoffset == 40);
    CHECK(info.Has(type_flags::kHaveGc));
    CHECK_FALSE(info.Has(type_flags::kHeapType));
    CHECK(built.types.ReadName(index).value() == "some.thing");
  }
}

TEST_CASE("types: only what the collector can track is a tracked one") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr list = builder.Type("list");
  const RemoteAddr text = builder.Type("str");
  BuiltObjects built(builder);
  CHECK(built.types.FindTracked(list) == built.types.Find(list));
  CHECK(built.types.FindTracked(text) == kNoType);
  CHECK(built.types.Find(text) != kNoType);
  CHECK(built.types.FindTracked(ObjectBuilder::kNowhere) == kNoType);
}

TEST_CASE("types: metaclasses, and metaclasses of those") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.Type("type");
  RemoteAddr metatype = type;
  for (int i = 0; i < 4; ++i)
    metatype = builder.AddType(
        {"Meta", type_flags::kTypeSubclass, 904, 40, type, metatype});
  CHECK(IsType(builder, builder.AddType({"made", 0, 16, 0, {}, metatype})));
  // One that is no subclass of type makes no types.
  const RemoteAddr plain = builder.AddType({"plain", 0, 16, 0, {}, {}});
  CHECK_FALSE(IsType(builder, builder.AddType({"made", 0, 16, 0, {}, plain})));
}

TEST_CASE("types: a circle of metatypes is none") {
  ObjectBuilder builder({3, 11, 2});
  const auto add = [&] {
    return builder.AddType(
        {"Ring", type_flags::kTypeSubclass, 904, 40, {}, {}});
  };
  const RemoteAddr first = add();
  const RemoteAddr second = add();
  const Offset ob_type = builder.layout().object.ob_type;
  builder.Put(first + ob_type, second);
  builder.Put(second + ob_type, first);
  CHECK_FALSE(IsType(builder, first));
  // Its own type, but not called type.
  builder.Put(first + ob_type, first);
  CHECK_FALSE(IsType(builder, first));
}

TEST_CASE("types: what type itself must be") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.Type("type");
  CHECK(IsType(builder, type));
  builder.Put<uint64_t>(type + builder.layout().type.tp_flags, 0);
  CHECK_FALSE(IsType(builder, type));
}

TEST_CASE("types: sizes that no type has") {
  const int64_t large = (int64_t{1} << 30) + 1;
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().type;
  const RemoteAddr type = builder.AddType({"torn", 0, 16, 0, {}, {}});
  const auto is_type_with = [&](Offset field, int64_t value) {
    const auto before = builder.Get<int64_t>(type + field);
    builder.Put(type + field, value);
    const bool found = IsType(builder, type);
    builder.Put(type + field, before);
    return found;
  };
  CHECK(is_type_with(fields.tp_basicsize, large - 1));
  CHECK_FALSE(is_type_with(fields.tp_basicsize, large));
  CHECK_FALSE(is_type_with(fields.tp_basicsize, -1));
  CHECK(is_type_with(fields.tp_itemsize, 1 - large));
  CHECK_FALSE(is_type_with(fields.tp_itemsize, large));
  CHECK_FALSE(is_type_with(fields.tp_itemsize, INT64_MIN));
  CHECK_FALSE(is_type_with(fields.tp_name, 0));
}

TEST_CASE("types: addresses where none can be") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.Type("type");
  CHECK_FALSE(IsType(builder, RemoteAddr{}));
  CHECK_FALSE(IsType(builder, ObjectBuilder::kNowhere));
  CHECK_FALSE(IsType(builder, RemoteAddr{UINT64_MAX - 64}));
  CHECK_FALSE(IsType(builder, type + 8));
  CHECK_FALSE(IsType(builder, builder.AddNone()));
}

TEST_CASE("types: each address is read and judged once") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr list = builder.Type("list");
  const RemoteAddr none = builder.AddObject(list);
  const ImageMemory image = builder.Memory();
  const FaultyMemory memory(image,
                            [](size_t, RemoteAddr, size_t) { return Fault{}; });
  TypeTable types(memory, builder.layout());
  const TypeIndex index = types.Find(list);
  CHECK(types.Find(none) == kNoType);
  const size_t reads = memory.reads();
  for (int i = 0; i < 10; ++i) {
    CHECK(types.Find(list) == index);
    CHECK(types.Find(none) == kNoType);
  }
  CHECK(memory.reads() == reads);
}

TEST_CASE("types: beyond a limit there are none, and that is said") {
  ObjectBuilder builder({3, 11, 2});
  std::vector<RemoteAddr> made;
  for (int i = 0; i < 10; ++i)
    made.push_back(builder.AddType({"one", 0, 16, 0, {}, {}}));
  const ImageMemory image = builder.Memory();
  TypeTable few(image, builder.layout(), {4, 1000});
  for (const RemoteAddr type : made) few.Find(type);
  CHECK(few.size() == 4);
  CHECK(few.truncated());
  CHECK(few.Find(made[2]) != kNoType);
  CHECK(few.Find(made[3]) == kNoType);

  TypeTable seldom(image, builder.layout(), {1000, 5});
  for (uint64_t i = 0; i < 4; ++i) seldom.Find(made[0] + 8 + i);
  CHECK_FALSE(seldom.truncated());
  // The fifth look is at the type, and then at its own type.
  seldom.Find(made[0]);
  CHECK(seldom.truncated());
}

TEST_CASE("type names: a class shows its module, a built-in type does not") {
  // repr(type) between the quotes in 2.7.18, 3.8.18, 3.11.2, 3.13.5, 3.15.2
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    CHECK(NameOf(builder, builder.Type("dict")).value() == "dict");
    ClassSpec spec;
    spec.name = "User";
    spec.module = "app.models";
    CHECK(NameOf(builder, builder.AddClass(spec)).value() == "app.models.User");
    spec.module = version.major < 3 ? "__builtin__" : "builtins";
    CHECK(NameOf(builder, builder.AddClass(spec)).value() == "User");
  }
}

TEST_CASE("type names: a class within a function or a class") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "Inner";
  const RemoteAddr type = builder.AddClass(spec);
  builder.Put(type + builder.layout().type.ht_qualname,
              builder.AddName("outer.<locals>.Inner"));
  CHECK(NameOf(builder, type).value() == "__main__.outer.<locals>.Inner");
}

TEST_CASE("type names: without a module that is a str the bare name is shown") {
  ObjectBuilder builder({3, 11, 2});
  const Offset tp_dict = builder.layout().type.tp_dict;
  ClassSpec spec;
  spec.name = "Class";
  const RemoteAddr type = builder.AddClass(spec);
  const RemoteAddr key = builder.AddName("__module__");
  builder.Put(type + tp_dict, builder.AddDict({{key, builder.AddNone()}}));
  CHECK(NameOf(builder, type).value() == "Class");
  builder.Put(type + tp_dict, builder.AddDict({}));
  CHECK(NameOf(builder, type).value() == "Class");
  // Keys that only look like it: no str, or longer.
  builder.Put(
      type + tp_dict,
      builder.AddDict(
          {{builder.AddBytes("__module__"), builder.AddName("wrong")},
           {builder.AddName("__module__2"), builder.AddName("wrong")}}));
  CHECK(NameOf(builder, type).value() == "Class");
}

TEST_CASE("type names: torn ones are errors") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().type;
  ClassSpec spec;
  spec.name = "Class";
  const RemoteAddr type = builder.AddClass(spec);
  const auto name = builder.Get<RemoteAddr>(type + fields.ht_qualname);
  builder.Put<uint64_t>(name + builder.layout().unicode.length, 1001);
  CHECK(NameOf(builder, type).error().message ==
        "str at " + ToString(name) + ": a length of 1001, over the limit");
  builder.Put(type + fields.tp_dict, ObjectBuilder::kNowhere);
  CHECK(NameOf(builder, type).error().code == EFAULT);
  builder.Put(type + fields.tp_name, ObjectBuilder::kNowhere);
  CHECK(NameOf(builder, type).error().code == EFAULT);
  const RemoteAddr endless =
      builder.AddType({std::string(1001, 'x'), 0, 16, 0, {}, {}});
  CHECK_FALSE(NameOf(builder, endless).has_value());
}

}  // namespace
}  // namespace leak_exporter::cpython
