#include <bit>

#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {2, 7, 18}, {3, 8, 18}, {3, 11, 2}, {3, 13, 5}, {3, 15, 2}};

TEST_CASE("repr of numbers: as each version's own") {
  CHECK(CompareReprs({"int_zero", "int_one", "int_small_negative",
                      "int_30_bits", "int_31_bits", "int_201_bits",
                      "int_googol", "int_child"}) == 48);
  CHECK(CompareReprs({"float_tenth", "float_large", "float_negative_zero",
                      "float_infinite", "complex", "complex_imaginary", "bool",
                      "slice"}) == 48);
  CHECK(CompareReprs({"range", "range_step", "xrange", "long"}) == 12);
}

TEST_CASE("repr of ints: any number of digits, either sign") {
  struct Case {
    bool negative;
    std::vector<uint32_t> digits;
    std::string shown;
  };
  // repr() in 3.11.2 of sum(d << 30 * i for i, d in enumerate(digits))
  const std::vector<Case> cases = {
      {false, {}, "0"},
      {false, {7}, "7"},
      {true, {7}, "-7"},
      {false, {(1 << 30) - 1}, "1073741823"},
      {false, {0, 1}, "1073741824"},
      {true, {0, 0, 1}, "-1152921504606846976"},
      {false, {1000000000, 931322574}, "1000000000339134976"},
  };
  for (const PythonVersion& version : kVersions) {
    for (const Case& c : cases) {
      INFO(ToString(version) << ' ' << c.shown);
      ObjectBuilder builder(version);
      CHECK(Print(builder, builder.AddInt(c.negative, c.digits)) ==
            c.shown + (version.major < 3 ? "L" : ""));
    }
  }
}

TEST_CASE("repr of ints: more digits than Python shows are an object") {
  for (const PythonVersion& version : kVersions) {
    INFO(ToString(version));
    ObjectBuilder builder(version);
    const std::string name = version.major < 3 ? "long" : "int";
    const RemoteAddr largest =
        builder.AddInt(false, std::vector<uint32_t>(600, 1));
    CHECK(Print(builder, largest).size() == 100);
    const RemoteAddr larger =
        builder.AddInt(true, std::vector<uint32_t>(601, 1));
    CHECK(Print(builder, larger) == PlainRepr(name, larger));
  }
}

TEST_CASE("repr of ints: lengths that there cannot be") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr number = builder.AddInt(5);
  for (const int64_t size : {INT64_MIN, INT64_MAX, int64_t{1} << 40}) {
    builder.Put(number + builder.layout().object.ob_size, size);
    CHECK(Print(builder, number) == PlainRepr("int", number));
  }
  ObjectBuilder later({3, 13, 5});
  const RemoteAddr tagged = later.AddInt(5);
  later.Put(tagged + later.layout().long_object.lv_tag, UINT64_MAX);
  CHECK(Print(later, tagged) == PlainRepr("int", tagged));
}

TEST_CASE("repr of ints: 2.7's int is a C long") {
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr number = builder.AddInt(-7);
  CHECK(Print(builder, number) == "-7");
  builder.Put(number + builder.layout().int_object.ob_ival, INT64_MIN);
  CHECK(Print(builder, number) == "-9223372036854775808");
}

RemoteAddr AddFloat(ObjectBuilder& builder, double value) {
  const RemoteAddr object = builder.AddObject(builder.Type("float"));
  builder.Put(object + builder.layout().float_object.ob_fval, value);
  return object;
}

TEST_CASE("repr of floats: the shortest digits, laid out as Python does") {
  // repr() in 3.11.2
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {0.1, "0.1"},
      {1.0 / 3, "0.3333333333333333"},
      {1e15, "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1.2345e16, "1.2345e+16"},
      {1e-4, "0.0001"},
      {0.00012, "0.00012"},
      {1e-5, "1e-05"},
      {1.5e-7, "1.5e-07"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {-2.5, "-2.5"},
      {123456.789, "123456.789"},
      {100.0, "100.0"},
      {1.5e300, "1.5e+300"},
      {std::bit_cast<double>(UINT64_MAX), "nan"},
  };
  for (const PythonVersion& version : kVersions) {
    for (const auto& [value, shown] : cases) {
      ObjectBuilder builder(version);
      CHECK(Print(builder, AddFloat(builder, value)) == shown);
    }
  }
}

TEST_CASE("repr of complex: no point where none is needed, signs always") {
  // repr() in 3.11.2
  const std::vector<std::tuple<double, double, std::string>> cases = {
      {0.0, 3.0, "3j"},        {-0.0, 3.0, "(-0+3j)"},
      {1.5, -2.0, "(1.5-2j)"}, {1e16, 1e-5, "(1e+16+1e-05j)"},
      {0.0, -0.0, "-0j"},      {1.0, 0.0, "(1+0j)"}};
  for (const auto& [real, imaginary, shown] : cases) {
    ObjectBuilder builder({3, 11, 2});
    const RemoteAddr object = builder.AddObject(builder.Type("complex"));
    builder.Put(object + builder.layout().complex_object.cval, real);
    builder.Put(object + builder.layout().complex_object.cval + 8, imaginary);
    CHECK(Print(builder, object) == shown);
  }
}

TEST_CASE("repr of ranges: a step of one is left out") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr type =
      builder.AddType({"range", 0, 48, 0, builder.Type("object"), {}, false});
  const auto print = [&](int32_t start, int32_t stop, int32_t step) {
    const RemoteAddr range = builder.AddObject(type);
    builder.Put(range + 16, builder.AddInt(start));
    builder.Put(range + 24, builder.AddInt(stop));
    builder.Put(range + 32, builder.AddInt(step));
    return Print(builder, range);
  };
  CHECK(print(2, 9, 1) == "range(2, 9)");
  CHECK(print(9, 2, -3) == "range(9, 2, -3)");
  const RemoteAddr torn = builder.AddObject(type);
  CHECK(Print(builder, torn) == "range(<NULL>, <NULL>, <NULL>)");
}

TEST_CASE("repr of xrange: its end is computed, and may wrap around") {
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr type =
      builder.AddType({"xrange", 0, 40, 0, builder.Type("object"), {}, false});
  const auto print = [&](int64_t start, int64_t step, int64_t length) {
    const RemoteAddr range = builder.AddObject(type);
    builder.Put(range + 16, start);
    builder.Put(range + 24, step);
    builder.Put(range + 32, length);
    return Print(builder, range);
  };
  // xrange(10), xrange(2, 9), xrange(2, 9, 3), which stops at 11 in 2.7.18
  CHECK(print(0, 1, 10) == "xrange(10)");
  CHECK(print(2, 1, 7) == "xrange(2, 9)");
  CHECK(print(2, 3, 3) == "xrange(2, 11, 3)");
  CHECK(print(INT64_MAX, INT64_MAX, INT64_MAX) ==
        "xrange(9223372036854775807, -9223372036854775808, "
        "9223372036854775807)");
}

}  // namespace
}  // namespace leak_exporter::cpython
