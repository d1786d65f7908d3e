#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("scalars: as large as the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"int_zero", "int_one", "int_small_negative",
                             "int_30_bits", "int_31_bits", "int_201_bits",
                             "int_googol", "int_child", "float_tenth",
                             "complex", "bytes", "bytearray_empty", "bytearray",
                             "bytearray_grown"}) == 84);
  CHECK(CompareWithRecorded({"long", "none", "object"}) == 13);
}

TEST_CASE("text: as large as the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"str_empty", "str_ascii", "str_long", "str_latin1",
                             "str_two_bytes", "str_four_bytes",
                             "str_both_quotes"}) == 42);
  // With a UTF-8 form of its own.
  CHECK(CompareWithRecorded({"str_with_utf8"}) == 5);
}

TEST_CASE("scalars: an int has so many digits, whatever its sign") {
  struct Case {
    PythonVersion version;
    size_t digits;
    uint64_t bytes;
  };
  // sys.getsizeof(2 ** (30 * (digits - 1))), and of 0; from 3.11 on a digit is
  // counted for 0, too.
  const std::vector<Case> cases = {
      {{2, 7, 18}, 0, 24}, {{2, 7, 18}, 3, 36}, {{3, 8, 18}, 0, 24},
      {{3, 8, 18}, 1, 28}, {{3, 8, 18}, 7, 52}, {{3, 11, 2}, 0, 28},
      {{3, 11, 2}, 1, 28}, {{3, 11, 2}, 7, 52}, {{3, 13, 5}, 0, 28},
      {{3, 13, 5}, 7, 52}, {{3, 15, 2}, 7, 52}};
  for (const Case& c : cases) {
    INFO(ToString(c.version) << ", " << c.digits);
    for (const bool negative : {false, true}) {
      ObjectBuilder builder(c.version);
      const RemoteAddr number =
          builder.AddInt(negative, std::vector<uint32_t>(c.digits, 1));
      const ObjectMeasure measure = Measure(builder, number);
      CHECK(measure.bytes == c.bytes);
      CHECK(measure.references == 0);
    }
  }
}

TEST_CASE("scalars: text of each width is as large as in 3.8 and 3.13") {
  struct Case {
    std::u32string text;
    uint64_t bytes38;
    uint64_t bytes313;
  };
  // sys.getsizeof() of the same text, made anew, in 3.8.18 and 3.13.5
  const std::vector<Case> cases = {{U"", 49, 41},
                                   {U"abc", 52, 44},
                                   {U"\xe9\xe9", 75, 59},
                                   {U"\u0394\u0394", 78, 62},
                                   {U"\U0001f600", 80, 64}};
  for (const Case& c : cases) {
    ObjectBuilder old({3, 8, 18});
    CHECK(Measure(old, old.AddText(c.text)).bytes == c.bytes38);
    ObjectBuilder later({3, 13, 5});
    CHECK(Measure(later, later.AddText(c.text)).bytes == c.bytes313);
  }
}

TEST_CASE("scalars: a UTF-8 form counts unless it is the characters") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().unicode;
  const RemoteAddr text = builder.AddText(U"\xdcn\xef");
  // sys.getsizeof("\xdcn\xef") in 3.11.2; with a UTF-8 form it is 82.
  CHECK(Measure(builder, text).bytes == 76);
  builder.Put(text + fields.utf8, builder.Allocate(6));
  builder.Put<uint64_t>(text + fields.utf8_length, 5);
  CHECK(Measure(builder, text).bytes == 82);
  builder.Put(text + fields.utf8, text + fields.compact_size);
  CHECK(Measure(builder, text).bytes == 76);
}

TEST_CASE("scalars: 2.7's characters are four bytes where that makes sense") {
  ObjectBuilder builder({2, 7, 18});
  const auto& fields = builder.layout().unicode;
  const RemoteAddr text = builder.AddText(U"wide");
  // sys.getsizeof(u"wide") where sys.maxunicode == 0x10ffff
  CHECK(Measure(builder, text).bytes == 68);
  // The same of a build with two: half of it, and half of the NUL.
  const RemoteAddr narrow = builder.Allocate(16);
  builder.PutText(narrow, std::string_view("w\0i\0d\0e\0\0", 10));
  builder.Put(text + fields.data, narrow);
  CHECK(Measure(builder, text).bytes == 58);
  builder.Put(text + fields.data, ObjectBuilder::kNowhere);
  CHECK(Measure(builder, text).bytes == 58);
}

TEST_CASE("scalars: a bytearray counts what it has allocated") {
  struct Case {
    PythonVersion version;
    uint64_t bytes;
  };
  // sys.getsizeof(bytearray(b"x" * 99)), of which 100 are allocated
  const std::vector<Case> cases = {
      {{3, 8, 18}, 156}, {{3, 11, 2}, 156}, {{3, 13, 5}, 156}};
  for (const Case& c : cases) {
    ObjectBuilder builder(c.version);
    const RemoteAddr array = builder.AddObject(builder.Type("bytearray"));
    const Layout& layout = builder.layout();
    builder.Put<uint64_t>(array + layout.object.ob_size, 99);
    builder.Put<uint64_t>(array + layout.bytearray.ob_alloc, 100);
    CHECK(Measure(builder, array).bytes == c.bytes);
  }
}

TEST_CASE("scalars: bytes count their NUL") {
  ObjectBuilder builder({3, 11, 2});
  CHECK(Measure(builder, builder.AddBytes("")).bytes == 33);
  CHECK(Measure(builder, builder.AddBytes("12345")).bytes == 38);
  ObjectBuilder python2({2, 7, 18});
  CHECK(Measure(python2, python2.AddBytes("")).bytes == 37);
  CHECK(Measure(python2, python2.AddBytes("12345")).bytes == 42);
}

}  // namespace
}  // namespace leak_exporter::cpython
