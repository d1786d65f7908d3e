#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("types: classes are as large as the interpreter says") {
  CHECK(CompareWithRecorded({"class", "class_slots", "class_with_metaclass",
                             "class_named_tuple"}) == 24);
}

TEST_CASE("modules: what those that are written in C refer to, too") {
  CHECK(CompareWithRecorded({"module", "module_c", "module_bare"}) == 18);
  // _io
  CHECK(CompareWithRecorded({"module_with_state"}) == 6);
}

RemoteAddr AddClass(ObjectBuilder& builder,
                    const std::vector<std::string>& shared_names) {
  ClassSpec spec;
  spec.name = "Class";
  spec.shared_names = shared_names;
  return builder.AddClass(spec);
}

TEST_CASE("types: the keys that instances share count for the class") {
  struct Case {
    PythonVersion version;
    uint64_t without;
    uint64_t keys;
  };
  // sys.getsizeof() of a class with __slots__ alone; keys as for a dict of so
  // many.
  const std::vector<Case> cases = {
      {{3, 8, 18}, 896, 168}, {{3, 11, 2}, 920, 120}, {{3, 13, 5}, 944, 120}};
  for (const Case& c : cases) {
    INFO(ToString(c.version));
    ObjectBuilder builder(c.version);
    CHECK(Measure(builder, AddClass(builder, {})).bytes == c.without);
    CHECK(Measure(builder, AddClass(builder, {"a", "b"})).bytes ==
          c.without + c.keys);
  }
}

TEST_CASE("types: keys that make no sense, or are nowhere, add nothing") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr type = AddClass(builder, {"a", "b"});
  const auto keys = builder.Get<RemoteAddr>(type + layout.type.ht_cached_keys);
  builder.Put<uint8_t>(keys + layout.dict_keys.dk_log2_size, 60);
  CHECK(Measure(builder, type).bytes == 920);
  builder.Put(type + layout.type.ht_cached_keys, ObjectBuilder::kNowhere);
  CHECK(Measure(builder, type).bytes == 920);
}

TEST_CASE("types: references are dict, bases, order, and what is not NULL") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().type;
  const RemoteAddr type = AddClass(builder, {});
  // tp_dict, tp_base
  CHECK(Measure(builder, type).references == 2);
  builder.Put(type + fields.tp_mro, builder.AddTuple({type}));
  builder.Put(type + fields.tp_bases, builder.AddTuple({}));
  CHECK(Measure(builder, type).references == 4);
  builder.Put(type + fields.ht_module, builder.AddNone());
  CHECK(Measure(builder, type).references == 5);
}

/// A module whose state of C code has a reference and a NULL: _functools has
/// four words in 3.11.
struct StatefulModule {
  explicit StatefulModule(ObjectBuilder& builder) {
    const InternalLayout& internal = builder.layout().internal;
    state = builder.Allocate(64);
    definition = builder.Allocate(128);
    builder.Put<int64_t>(definition + internal.module.state_size, 32);
    builder.Put<uint64_t>(definition + internal.module.state_traverse,
                          0x400000);
    builder.Put(state, builder.AddNone());
    builder.Put(state + 16, builder.AddNone());
    module = builder.AddObject(builder.Type("module"));
    builder.Put(module + internal.module.md_name,
                builder.AddName("_functools"));
    builder.Put(module + internal.module.md_def, definition);
    builder.Put(module + internal.module.md_state, state);
    builder.Put(module + internal.module.md_dict, builder.AddDict({}));
  }
  RemoteAddr state{};
  RemoteAddr definition{};
  RemoteAddr module{};
};

TEST_CASE("modules: the references of a state are counted where it is known") {
  const InternalLayout internal = FindLayout({3, 11, 2}, false)->internal;
  const auto references = [&](auto tear) {
    ObjectBuilder builder({3, 11, 2});
    const StatefulModule module(builder);
    tear(builder, module);
    return Measure(builder, module.module).references;
  };
  // Its dict and two of its state.
  CHECK(references([](auto&, auto&) {}) == 3);
  CHECK(references([](auto& builder, auto& module) {
          builder.Put(module.state + 8, builder.AddNone());
        }) == 4);
  CHECK(references([&](auto& builder, auto& module) {
          builder.Put(module.module + internal.module.md_name,
                      builder.AddName("_other"));
        }) == 1);
  CHECK(references([&](auto& builder, auto& module) {
          builder.template Put<int64_t>(
              module.definition + internal.module.state_size, 24);
        }) == 1);
  CHECK(references([&](auto& builder, auto& module) {
          builder.template Put<uint64_t>(
              module.definition + internal.module.state_traverse, 0);
        }) == 1);
  CHECK(references([&](auto& builder, auto& module) {
          builder.Put(module.module + internal.module.md_state,
                      ObjectBuilder::kNowhere);
        }) == 1);
  CHECK(references([&](auto& builder, auto& module) {
          builder.Put(module.module + internal.module.md_def,
                      ObjectBuilder::kNowhere);
        }) == 1);
  CHECK(references([&](auto& builder, auto& module) {
          builder.Put(module.module + internal.module.md_name,
                      ObjectBuilder::kNowhere);
        }) == 1);
  // A name of any length.
  CHECK(references([&](auto& builder, auto& module) {
          const RemoteAddr name = builder.AddName("_functools");
          builder.Put(name + builder.layout().unicode.length, UINT64_MAX);
          builder.Put(module.module + internal.module.md_name, name);
        }) == 1);
}

}  // namespace
}  // namespace leak_exporter::cpython
