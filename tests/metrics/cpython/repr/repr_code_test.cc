#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<std::string> kVersions3 = {"3.8.18", "3.11.2", "3.12.1",
                                             "3.13.5", "3.15.2"};

TEST_CASE("repr of code: functions and methods as each version's own") {
  CHECK(CompareReprs({"function", "closure", "lambda", "code", "cell",
                      "bound_method", "bound_class_method", "builtin_function",
                      "builtin_method"}) == 54);
  CHECK(CompareReprs({"slot_wrapper", "method_descriptor",
                      "class_method_descriptor", "getset_descriptor",
                      "member_descriptor"}) == 30);
}

TEST_CASE("repr of code: generators and coroutines") {
  CHECK(CompareReprs({"generator_new", "generator_suspended",
                      "generator_finished", "generator_expression"}) == 24);
  CHECK(CompareReprs(
            {"coroutine_new", "coroutine_suspended", "asynchronous_generator"},
            kVersions3) == 15);
}

TEST_CASE("repr of code: classes, modules and weak references") {
  CHECK(CompareReprs({"class", "class_slots", "class_with_metaclass", "class_c",
                      "class_named_tuple"}) == 30);
  CHECK(CompareReprs({"module", "module_c", "module_bare"}) == 18);
  CHECK(CompareReprs({"weakref", "weakref_dead"}) == 12);
}

/// A C type of 3.11 and an instance of it.
RemoteAddr AddObjectOf(ObjectBuilder& builder, const std::string& type,
                       uint64_t basicsize = 256) {
  return builder.AddObject(
      builder.AddType(
          {type, 0, basicsize, 0, builder.Type("object"), {}, false}),
      basicsize);
}

TEST_CASE("repr of functions: a name that is nowhere is left out") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().function;
  const RemoteAddr function = AddObjectOf(builder, "function");
  builder.Put(function + fields.func_qualname, builder.AddText(U"gr\xfc\xdf"
                                                               U"e"));
  CHECK(Print(builder, function) ==
        "<function gr\xc3\xbc\xc3\x9f"
        "e at " +
            ToString(function) + ">");
  builder.Put(function + fields.func_qualname, ObjectBuilder::kNowhere);
  CHECK(Print(builder, function) ==
        "<function  at " + ToString(function) + ">");
}

TEST_CASE("repr of methods: of what, however it is called") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().method;
  const RemoteAddr method = AddObjectOf(builder, "method");
  const RemoteAddr function = AddObjectOf(builder, "function");
  builder.Put(function + builder.layout().function.func_qualname,
              builder.AddName("A.f"));
  builder.Put(method + fields.im_func, function);
  builder.Put(method + fields.im_self, builder.AddInt(5));
  CHECK(Print(builder, method) == "<bound method A.f of 5>");
  // Something that can be called, but has no name.
  builder.Put(method + fields.im_func, builder.AddNone());
  CHECK(Print(builder, method) == "<bound method ? of 5>");
  builder.Put(method + fields.im_func, ObjectBuilder::kNowhere);
  CHECK(Print(builder, method) == "<bound method ? of 5>");
  // A method that is bound to itself.
  builder.Put(method + fields.im_self, method);
  CHECK(Print(builder, method).size() == 100);
}

TEST_CASE("repr of methods: 2.7 has unbound ones") {
  // repr(A.f) and repr(A().f) in 2.7.18
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr method = AddObjectOf(builder, "instancemethod");
  const RemoteAddr function = AddObjectOf(builder, "function");
  ClassSpec spec;
  spec.name = "A";
  builder.Put(function + builder.layout().function.func_name,
              builder.AddName("f"));
  builder.Put(method + builder.layout().method.im_func, function);
  builder.Put(method + 32, builder.AddClass(spec));
  CHECK(Print(builder, method) == "<unbound method A.f>");
  builder.Put(method + builder.layout().method.im_self, builder.AddInt(5));
  CHECK(Print(builder, method) == "<bound method A.f of 5>");
  builder.Put(method + 32, ObjectBuilder::kNowhere);
  CHECK(Print(builder, method) == "<bound method ?.f of 5>");
}

TEST_CASE("repr of built-in functions: of a module, or of an object") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().builtin;
  const RemoteAddr function =
      AddObjectOf(builder, "builtin_function_or_method");
  const RemoteAddr definition = builder.Allocate(32);
  const RemoteAddr name = builder.Allocate(16);
  builder.PutText(name, "append");
  builder.Put(definition, name);
  builder.Put(function + fields.m_ml, definition);
  CHECK(Print(builder, function) == "<built-in function append>");
  const RemoteAddr list = builder.AddList({});
  builder.Put(function + fields.m_self, list);
  CHECK(Print(builder, function) ==
        "<built-in method append of list object at " + ToString(list) + ">");
  builder.Put(function + fields.m_ml, ObjectBuilder::kNowhere);
  builder.Put(function + fields.m_self,
              builder.AddObject(builder.Type("module")));
  CHECK(Print(builder, function) == "<built-in function ?>");
}

TEST_CASE("repr of descriptors: without an owner they are objects") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().descr;
  const RemoteAddr descriptor = AddObjectOf(builder, "getset_descriptor");
  builder.Put(descriptor + fields.d_name, builder.AddName("real"));
  CHECK(Print(builder, descriptor) ==
        PlainRepr("getset_descriptor", descriptor));
  builder.Put(descriptor + fields.d_type, builder.Type("int"));
  CHECK(Print(builder, descriptor) == "<attribute 'real' of 'int' objects>");
}

TEST_CASE("repr of code objects: a line of its own, or none") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().code;
  const RemoteAddr code = AddObjectOf(builder, "code");
  builder.Put(code + fields.co_name, builder.AddName("f"));
  builder.Put(code + fields.co_filename, builder.AddName("/a.py"));
  builder.Put<int32_t>(code + fields.co_firstlineno, 12);
  CHECK(Print(builder, code) ==
        "<code object f at " + ToString(code) + ", file \"/a.py\", line 12>");
  // compile() with co_firstlineno=0 shows -1 in 3.11.2.
  builder.Put<int32_t>(code + fields.co_firstlineno, 0);
  CHECK(Print(builder, code) ==
        "<code object f at " + ToString(code) + ", file \"/a.py\", line -1>");
}

TEST_CASE("repr of cells: empty, or with anything") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr cell = AddObjectOf(builder, "cell");
  const std::string begin = "<cell at " + ToString(cell) + ": ";
  CHECK(Print(builder, cell) == begin + "empty>");
  builder.Put(cell + builder.layout().cell.ob_ref, cell);
  CHECK(Print(builder, cell) ==
        begin + "cell object at " + ToString(cell) + ">");
  const RemoteAddr named = AddObjectOf(builder, std::string(90, 'n'));
  builder.Put(cell + builder.layout().cell.ob_ref, named);
  CHECK(Print(builder, cell, 1000) ==
        begin + std::string(80, 'n') + " object at " + ToString(named) + ">");
  builder.Put(cell + builder.layout().cell.ob_ref, ObjectBuilder::kNowhere);
  CHECK(Print(builder, cell) == begin + " object at 0x10>");
}

TEST_CASE("repr of generators: 2.7's go by their code") {
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr code = AddObjectOf(builder, "code");
  builder.Put(code + builder.layout().code.co_name, builder.AddName("g"));
  const RemoteAddr generator = AddObjectOf(builder, "generator");
  builder.Put(generator + 32, code);
  CHECK(Print(builder, generator) ==
        "<generator object g at " + ToString(generator) + ">");
}

TEST_CASE("repr of old classes: of 2.7, with their module") {
  // class Old: pass; repr(Old) and repr(Old()) in 2.7.18
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr old = AddObjectOf(builder, "classobj");
  builder.Put(old + 24, builder.AddDict({{builder.AddName("__module__"),
                                          builder.AddName("__main__")}}));
  builder.Put(old + 32, builder.AddName("Old"));
  CHECK(Print(builder, old) == "<class __main__.Old at " + ToString(old) + ">");
  const RemoteAddr instance = AddObjectOf(builder, "instance");
  builder.Put(instance + 16, old);
  CHECK(Print(builder, instance) ==
        "<__main__.Old instance at " + ToString(instance) + ">");
  builder.Put(old + 24, builder.AddDict({}));
  CHECK(Print(builder, old) == "<class ?.Old at " + ToString(old) + ">");
}

/// A module with this in its dict.
RemoteAddr AddModule(ObjectBuilder& builder,
                     const ObjectBuilder::Items& items) {
  const RemoteAddr module = builder.AddObject(builder.Type("module"));
  builder.Put(module + builder.layout().internal.module.md_dict,
              builder.AddDict(items));
  return module;
}

TEST_CASE("repr of modules: by what is in their dict") {
  ObjectBuilder builder({3, 11, 2});
  const auto named = [&](RemoteAddr value, std::string_view key) {
    return std::pair(builder.AddName(key), value);
  };
  const RemoteAddr name = builder.AddName("app");
  CHECK(Print(builder, AddModule(builder, {})) == "<module '?'>");
  CHECK(Print(builder, AddModule(builder, {named(name, "__name__")})) ==
        "<module 'app'>");
  CHECK(Print(builder, AddModule(builder, {named(name, "__name__"),
                                           named(builder.AddName("/a.py"),
                                                 "__file__")})) ==
        "<module 'app' from '/a.py'>");
  CHECK(Print(builder,
              AddModule(builder, {named(name, "__name__"),
                                  named(builder.AddNone(), "__spec__"),
                                  named(builder.AddNone(), "__loader__")})) ==
        "<module 'app'>");
  ClassSpec spec;
  spec.name = "FrozenImporter";
  CHECK(Print(builder, AddModule(builder, {named(name, "__name__"),
                                           named(builder.AddClass(spec),
                                                 "__loader__")})) ==
        "<module 'app' (frozen)>");
  CHECK(Print(builder,
              AddModule(builder, {named(name, "__name__"),
                                  named(builder.AddInt(5), "__loader__")})) ==
        "<module 'app' (5)>");
}

TEST_CASE("repr of modules: a dict that is nowhere") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr module = AddModule(builder, {});
  builder.Put(module + 16, ObjectBuilder::kNowhere);
  CHECK(Print(builder, module) == "<module '?'>");
}

TEST_CASE("repr of modules: one that is its own name ends") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr name = builder.AddName("__name__");
  const RemoteAddr module = AddModule(builder, {{name, name}});
  const auto dict = builder.Get<RemoteAddr>(module + 16);
  builder.FillDict(dict, {{name, module}}, DictForm::kText);
  CHECK(Print(builder, module) ==
        "<module <module <module <module <module <module <module <module "
        "<module <module <module <module <mod");
}

TEST_CASE("repr of weak references: from 3.13 on with the type's module") {
  for (const auto& [version, shown] :
       std::vector<std::pair<PythonVersion, std::string>>{
           {{3, 11, 2}, "A"}, {{3, 13, 5}, "__main__.A"}}) {
    ObjectBuilder builder(version);
    ClassSpec spec;
    spec.name = "A";
    const RemoteAddr target = builder.AddObject(builder.AddClass(spec));
    const RemoteAddr reference = AddObjectOf(builder, "weakref.ReferenceType");
    const Offset wr_object = builder.layout().weakref.wr_object;
    builder.Put(reference + wr_object, target);
    const std::string begin = "<weakref at " + ToString(reference) + "; ";
    CHECK(Print(builder, reference) ==
          begin + "to '" + shown + "' at " + ToString(target) + ">");
    builder.Put(reference + wr_object, builder.AddNone());
    CHECK(Print(builder, reference) == begin + "dead>");
    builder.Put(reference + wr_object, RemoteAddr{});
    CHECK(Print(builder, reference) == begin + "dead>");
    const RemoteAddr number = builder.AddInt(5);
    builder.Put(reference + wr_object, number);
    CHECK(Print(builder, reference) ==
          begin + "to 'int' at " + ToString(number) + ">");
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
