#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

TEST_CASE("repr of text: as each version's own") {
  CHECK(CompareReprs({"str_empty", "str_ascii", "str_long", "str_latin1",
                      "str_two_bytes", "str_four_bytes", "str_both_quotes",
                      "str_with_utf8"}) == 47);
  CHECK(CompareReprs({"bytes", "bytearray_empty", "bytearray",
                      "bytearray_grown"}) == 24);
}

TEST_CASE("repr of text: quotes and what is escaped") {
  // repr() in 3.11.2
  const std::vector<std::pair<std::u32string, std::string>> cases = {
      {U"", "''"},
      {U"it's", "\"it's\""},
      {U"both ' and \"", "'both \\' and \"'"},
      {U"say \"x\"", "'say \"x\"'"},
      {U"back\\slash", "'back\\\\slash'"},
      {U"\t\n\r\v", "'\\t\\n\\r\\x0b'"},
      {U"\x7f", "'\\x7f'"},
      {U"\xa0\xad", "'\\xa0\\xad'"},
      {U"\xe9", "'\xc3\xa9'"},
      {U"\u2028", "'\\u2028'"},
      {std::u32string{0xd800, 0xdfff}, "'\\ud800\\udfff'"},
      {U"\U0001f600", "'\xf0\x9f\x98\x80'"},
      {U"\U000e0001", "'\\U000e0001'"},
      {std::u32string{'a', 0, 'b'}, "'a\\x00b'"}};
  for (const PythonVersion& version : kVersions) {
    for (const auto& [text, shown] : cases) {
      INFO(ToString(version) << ' ' << shown);
      ObjectBuilder builder(version);
      CHECK(Print(builder, builder.AddText(text)) == shown);
    }
  }
}

TEST_CASE("repr of text: 2.7 marks unicode, and escapes all but ASCII") {
  // repr() in 2.7.18
  ObjectBuilder builder({2, 7, 18});
  CHECK(Print(builder, builder.AddText(U"it's")) == "u\"it's\"");
  CHECK(Print(builder, builder.AddText(U"\xe9\u0394\U0001f600")) ==
        "u'\\xe9\\u0394\\U0001f600'");
  CHECK(Print(builder, builder.AddName("na\xc3\xa9me")) == "'na\\xc3\\xa9me'");
}

TEST_CASE("repr of text: cut at a hundred characters") {
  ObjectBuilder builder({3, 11, 2});
  CHECK(Print(builder, builder.AddText(std::u32string(500, 'x'))) ==
        "'" + std::string(99, 'x'));
  CHECK(Print(builder, builder.AddText(std::u32string(98, 'x'))) ==
        "'" + std::string(98, 'x') + "'");
  // An escape may be cut, too.
  CHECK(Print(builder, builder.AddText(std::u32string(97, 'x') + U"\u2028")) ==
        "'" + std::string(97, 'x') + "\\u");
}

TEST_CASE("repr of text: a quote far behind what is shown decides, too") {
  // repr("x" * 10000 + "'") begins with a double quote in 3.11.2.
  ObjectBuilder builder({3, 11, 2});
  const std::u32string text = std::u32string(10000, 'x') + U"'";
  CHECK(Print(builder, builder.AddText(text), 3) == "\"xx");
  CHECK(Print(builder, builder.AddText(text + U"\""), 3) == "'xx");
}

TEST_CASE("repr of text: kinds that there are not are shown as an object") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddText(U"abc");
  for (const uint32_t kind : {0u, 3u, 5u, 7u}) {
    builder.Put<uint32_t>(text + builder.layout().unicode.state,
                          kind << 2 | 1 << 5);
    CHECK(Print(builder, text) == PlainRepr("str", text));
  }
}

TEST_CASE("repr of text: a length beyond all memory shows what is there") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddText(U"abc");
  for (const uint64_t length : {uint64_t{1} << 62, UINT64_MAX}) {
    builder.Put(text + builder.layout().unicode.length, length);
    CHECK(Print(builder, text) == "''");
  }
}

TEST_CASE("repr of bytes: each byte that is not printable ASCII is escaped") {
  // repr() in 3.11.2
  ObjectBuilder builder({3, 11, 2});
  CHECK(Print(builder, builder.AddBytes("")) == "b''");
  CHECK(Print(builder, builder.AddBytes(std::string_view(
                           "\0a\x7f\xff\n", 5))) == "b'\\x00a\\x7f\\xff\\n'");
  CHECK(Print(builder, builder.AddBytes("it's")) == "b\"it's\"");
  CHECK(Print(builder, builder.AddBytes("'\"")) == "b'\\'\"'");
}

TEST_CASE("repr of bytearray: the name of a subclass, and quotes escaped") {
  struct Case {
    PythonVersion version;
    std::string shown;
  };
  // class B(bytearray): pass; repr(B(b"it's"))
  const std::vector<Case> cases = {{{3, 8, 18}, "B(b\"it\\'s\")"},
                                   {{3, 13, 5}, "B(b\"it\\'s\")"},
                                   {{3, 15, 2}, "B(b\"it's\")"}};
  for (const Case& c : cases) {
    INFO(ToString(c.version));
    ObjectBuilder builder(c.version);
    ClassSpec spec;
    spec.name = "B";
    spec.base = builder.Type("bytearray");
    const RemoteAddr array = builder.AddObject(builder.AddClass(spec), 128);
    const RemoteAddr content = builder.Allocate(16);
    builder.PutText(content, "it's");
    builder.Put<uint64_t>(array + builder.layout().object.ob_size, 4);
    builder.Put(array + builder.layout().bytearray.ob_start, content);
    CHECK(Print(builder, array) == c.shown);
    builder.Put(array + builder.layout().bytearray.ob_start,
                ObjectBuilder::kNowhere);
    CHECK(Print(builder, array) == "B(b'')");
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
