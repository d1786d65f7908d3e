#include "metrics/cpython/repr/repr.h"

#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

TEST_CASE("repr: the constants, in each version") {
  CHECK(CompareReprs({"none", "ellipsis", "not_implemented", "bool"}) == 24);
}

TEST_CASE("repr: what is rendered by no C code is shown as an object") {
  CHECK(CompareReprs({"object", "instance", "slots", "slots_and_dict",
                      "property"}) == 30);
}

TEST_CASE("repr: a class's own __repr__ is not run") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    ClassSpec spec;
    spec.name = "Stack";
    spec.module = "app";
    spec.base = builder.Type("list");
    const RemoteAddr inheriting = builder.AddObject(builder.AddClass(spec));
    CHECK(Print(builder, inheriting) == "[]");
    spec.has_repr = true;
    const RemoteAddr rendering = builder.AddObject(builder.AddClass(spec));
    CHECK(Print(builder, rendering) == PlainRepr("app.Stack", rendering));
  }
}

TEST_CASE("repr: addresses where nothing is") {
  ObjectBuilder builder({3, 11, 2});
  CHECK(Print(builder, RemoteAddr{0}) == "<NULL>");
  CHECK(Print(builder, RemoteAddr{0x10}) == "<? object at 0x10>");
  CHECK(Print(builder, RemoteAddr{UINT64_MAX}) ==
        "<? object at 0xffffffffffffffff>");
  CHECK(Print(builder, builder.AddList({RemoteAddr{0x10}})) ==
        "[<? object at 0x10>]");
  // Of a type that is none.
  const RemoteAddr object = builder.AddObject(ObjectBuilder::kNowhere);
  CHECK(Print(builder, object) == PlainRepr("?", object));
}

TEST_CASE("repr: bases that go round leave the name alone") {
  ObjectBuilder builder({3, 11, 2});
  ClassSpec spec;
  spec.name = "Ring";
  const RemoteAddr type = builder.AddClass(spec);
  builder.Put(type + builder.layout().type.tp_base, type);
  const RemoteAddr object = builder.AddObject(type);
  CHECK(Print(builder, object) == PlainRepr("__main__.Ring", object));
  builder.Put(type + builder.layout().type.tp_dict, ObjectBuilder::kNowhere);
  CHECK(Print(builder, object) == PlainRepr("?", object));
}

TEST_CASE("repr: lists in lists, deeper than what is shown") {
  ObjectBuilder builder({3, 11, 2});
  RemoteAddr inner = builder.AddList({});
  for (int i = 0; i < 300; ++i) inner = builder.AddList({inner});
  CHECK(Print(builder, inner) == std::string(100, '['));
  // Where more is shown, what is nested deeper than 200 is an object.
  const std::string shown = Print(builder, inner, 1000);
  CHECK(shown.substr(0, 212) == std::string(200, '[') + "<? object at");
  CHECK(shown.substr(shown.size() - 201) == ">" + std::string(200, ']'));
}

TEST_CASE("repr: cut at so many characters, not bytes") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddText(U"\u0394\u0394\u0394");
  CHECK(Print(builder, text, 0).empty());
  CHECK(Print(builder, text, 3) == "'\xce\x94\xce\x94");
  CHECK(Print(builder, text, 5) == "'\xce\x94\xce\x94\xce\x94'");
}

TEST_CASE("repr: a printer shows one object after the other") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr one = builder.AddInt(1);
  const RemoteAddr list = builder.AddList({one, one});
  BuiltObjects built(builder);
  ReprPrinter printer(built.types);
  for (int i = 0; i < 3; ++i) {
    CHECK(printer.Print(list) == "[1, 1]");
    CHECK(printer.Print(one) == "1");
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
