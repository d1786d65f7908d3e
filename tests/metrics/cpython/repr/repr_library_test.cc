#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<std::string> kVersions3 = {"3.8.18", "3.11.2", "3.12.1",
                                             "3.13.5", "3.15.2"};

TEST_CASE("repr of the library: as each version's own") {
  CHECK(CompareReprs({"exception", "exception_lone", "exception_os"}) == 18);
  CHECK(CompareReprs({"partial", "memory_view", "method_wrapper",
                      "class_method", "static_method"}) == 30);
  CHECK(CompareReprs({"namespace", "struct_sequence", "version_info"},
                     kVersions3) == 15);
}

TEST_CASE("repr of the library: what is not imitated is shown as an object") {
  for (const std::string& version : kRecordedVersions) {
    const RecordedHeap& heap = RecordedObjects(version);
    TypeTable types(heap.memory, heap.runtime.layout);
    ReprPrinter printer(types);
    for (const auto& [name, type] :
         std::vector<std::pair<std::string, std::string>>{
             {"array", "array.array"},
             {"decimal_small", "decimal.Decimal"},
             {"counter", "collections.Counter"},
             {"element_2", "xml.etree.ElementTree.Element"}}) {
      INFO(version << ' ' << name);
      const RemoteAddr address = heap.objects.at(name).address;
      CHECK(printer.Print(address) == PlainRepr(type, address));
    }
  }
}

RemoteAddr AddObjectOf(ObjectBuilder& builder, const std::string& type,
                       uint64_t flags = 0) {
  return builder.AddObject(
      builder.AddType({type, flags, 64, 0, builder.Type("object"), {}, false}));
}

TEST_CASE("repr of exceptions: one argument has no comma, from 3.7 on") {
  // repr(KeyError("k")) in 3.6.15 and 3.7.16
  for (const auto& [version, shown] :
       std::vector<std::pair<PythonVersion, std::string>>{
           {{3, 6, 15}, "KeyError('k',)"}, {{3, 7, 16}, "KeyError('k')"}}) {
    ObjectBuilder builder(version);
    const RemoteAddr error =
        AddObjectOf(builder, "KeyError", type_flags::kBaseExcSubclass);
    builder.Put(error + 24, builder.AddTuple({builder.AddName("k")}));
    CHECK(Print(builder, error) == shown);
  }
}

TEST_CASE("repr of exceptions: without arguments, or with itself as one") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr error =
      AddObjectOf(builder, "E", type_flags::kBaseExcSubclass);
  CHECK(Print(builder, error) == PlainRepr("E", error));
  builder.Put(error + 24, builder.AddTuple({}));
  CHECK(Print(builder, error) == "E()");
  builder.Put(error + 24, builder.AddTuple({error}));
  CHECK(Print(builder, error, 9) == "E(E(E(E(E");
  builder.Put(error + 24, ObjectBuilder::kNowhere);
  CHECK(Print(builder, error) == "E<? object at 0x10>");
}

RemoteAddr AddPartial(ObjectBuilder& builder, RemoteAddr function,
                      RemoteAddr args, RemoteAddr keywords) {
  const RemoteAddr partial = AddObjectOf(builder, "functools.partial");
  builder.Put(partial + 16, function);
  builder.Put(partial + 24, args);
  builder.Put(partial + 32, keywords);
  return partial;
}

TEST_CASE("repr of partial: arguments, then keywords") {
  // repr(functools.partial(int, "7", base=8)) in 3.11.2
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr partial = AddPartial(
      builder, builder.Type("int"), builder.AddTuple({builder.AddName("7")}),
      builder.AddDict({{builder.AddName("base"), builder.AddInt(8)}}));
  CHECK(Print(builder, partial) ==
        "functools.partial(<class 'int'>, '7', base=8)");
  // Bound to itself.
  builder.Put(partial + 16, partial);
  CHECK(Print(builder, partial) ==
        "functools.partial(functools.partial(...), '7', base=8)");
}

TEST_CASE("repr of partial: arguments that are nowhere") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr partial =
      AddPartial(builder, {}, ObjectBuilder::kNowhere, ObjectBuilder::kNowhere);
  CHECK(Print(builder, partial) == "functools.partial(<NULL>)");
  const RemoteAddr args = builder.AddTuple({});
  builder.Put(args + builder.layout().object.ob_size, INT64_MIN);
  builder.Put(partial + 24, args);
  CHECK(Print(builder, partial).size() == 100);
}

TEST_CASE("repr of namespaces: in themselves, and by another name") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr space = AddObjectOf(builder, "types.SimpleNamespace");
  builder.Put(space + 16,
              builder.AddDict({{builder.AddName("a"), builder.AddInt(1)},
                               {builder.AddName("me"), space}}));
  // n = types.SimpleNamespace(a=1); n.me = n; repr(n) in 3.11.2
  CHECK(Print(builder, space) == "namespace(a=1, me=namespace(...))");
  ClassSpec spec;
  spec.name = "Space";
  spec.base = builder.Get<RemoteAddr>(space + 8);
  const RemoteAddr child = builder.AddObject(builder.AddClass(spec));
  builder.Put(child + 16, builder.AddDict({}));
  CHECK(Print(builder, child) == "Space()");
  builder.Put(child + 16, ObjectBuilder::kNowhere);
  CHECK(Print(builder, child) == "Space()");
}

TEST_CASE("repr of memory views: released ones say so") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr view = AddObjectOf(builder, "memoryview");
  CHECK(Print(builder, view) == "<memory at " + ToString(view) + ">");
  builder.Put<uint32_t>(view + 40, 1);
  CHECK(Print(builder, view) == "<released memory at " + ToString(view) + ">");
}

TEST_CASE("repr of method wrappers: without a name they are objects") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr wrapper = AddObjectOf(builder, "method-wrapper");
  CHECK(Print(builder, wrapper) == PlainRepr("method-wrapper", wrapper));
  const RemoteAddr descr = AddObjectOf(builder, "wrapper_descriptor");
  const RemoteAddr base = builder.Allocate(16);
  const RemoteAddr name = builder.Allocate(16);
  builder.PutText(name, "__len__");
  builder.Put(base, name);
  builder.Put(descr + builder.layout().descr.d_qualname + 8, base);
  builder.Put(wrapper + 16, descr);
  const RemoteAddr list = builder.AddList({});
  builder.Put(wrapper + 24, list);
  CHECK(Print(builder, wrapper) ==
        "<method-wrapper '__len__' of list object at " + ToString(list) + ">");
}

TEST_CASE("repr of class methods: what they hold, from 3.10 on") {
  for (const auto& [version, shown] :
       std::vector<std::pair<PythonVersion, std::string>>{
           {{3, 8, 18}, ""}, {{3, 11, 2}, "<classmethod(5)>"}}) {
    ObjectBuilder builder(version);
    const RemoteAddr method = AddObjectOf(builder, "classmethod");
    builder.Put(method + 16, builder.AddInt(5));
    CHECK(Print(builder, method) ==
          (shown.empty() ? PlainRepr("classmethod", method) : shown));
  }
}

TEST_CASE("repr of struct sequences: as many names as there are") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type = builder.AddType({"app.point",
                                           type_flags::kTupleSubclass,
                                           24,
                                           8,
                                           builder.Type("tuple"),
                                           {}});
  const RemoteAddr members = builder.Allocate(120);
  builder.Put(type + builder.layout().type.tp_members, members);
  for (const auto& [i, text] :
       std::vector<std::pair<uint64_t, std::string>>{{0, "x"}, {1, "y"}}) {
    const RemoteAddr name = builder.Allocate(8);
    builder.PutText(name, text);
    builder.Put(members + 40 * i, name);
  }
  const RemoteAddr point = builder.AddObject(type);
  for (uint64_t i = 0; i < 3; ++i)
    builder.Put(point + builder.layout().tuple.ob_item + 8 * i,
                builder.AddInt(7));
  builder.Put<uint64_t>(point + builder.layout().object.ob_size, 2);
  CHECK(Print(builder, point) == "app.point(x=7, y=7)");
  builder.Put<uint64_t>(point + builder.layout().object.ob_size, UINT64_MAX);
  CHECK(Print(builder, point) == "app.point(x=7, y=7)");
  builder.Put(type + builder.layout().type.tp_members, ObjectBuilder::kNowhere);
  CHECK(Print(builder, point) == "app.point()");
}

}  // namespace
}  // namespace leak_exporter::cpython
