#include "metrics/cpython/repr/printable.h"

#include "metrics/cpython/layout/layout.h"
#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

bool In3(uint32_t minor, uint32_t code_point) {
  return IsPrintable(code_point, {3, minor, std::nullopt});
}

TEST_CASE("printable: ASCII") {
  CHECK_FALSE(In3(11, 0x00));
  CHECK_FALSE(In3(11, 0x1f));
  CHECK(In3(11, ' '));
  CHECK(In3(11, '~'));
  CHECK_FALSE(In3(11, 0x7f));
}

TEST_CASE("printable: spaces, formats, surrogates and private use are not") {
  for (const uint32_t code_point :
       {0xa0U, 0xadU, 0x200bU, 0x2028U, 0x3000U, 0xd800U, 0xe000U, 0xfeffU,
        0xffffU, 0xe0001U, 0x10ffffU}) {
    CHECK_FALSE(In3(11, code_point));
  }
  CHECK(In3(11, 0xe9));
  CHECK(In3(11, 0x394));
  CHECK(In3(11, 0x1f600));
}

TEST_CASE("printable: a character is, once a version knows it") {
  // Added in Unicode 11.
  CHECK_FALSE(In3(6, 0x560));
  CHECK(In3(7, 0x560));
  CHECK(In3(15, 0x560));
}

TEST_CASE("printable: 2.7 escapes all but ASCII") {
  const PythonVersion version{2, 7, 18};
  CHECK(IsPrintable('a', version));
  CHECK_FALSE(IsPrintable(0xe9, version));
}

TEST_CASE("printable: of a version that is not known only ASCII is shown") {
  for (const PythonVersion& version :
       {PythonVersion{3, 5, 1}, PythonVersion{3, 99, 0},
        PythonVersion{4, 7, 0}}) {
    INFO(ToString(version));
    CHECK(IsPrintable('a', version));
    CHECK_FALSE(IsPrintable(0xe9, version));
  }
}

TEST_CASE("printable: every version with a layout is known") {
  for (const PythonVersion& version : KnownVersions()) {
    INFO(ToString(version));
    CHECK(IsPrintable(0xe9, version) == (version.major == 3));
  }
}

TEST_CASE("printable: what is no code point is not") {
  CHECK_FALSE(In3(11, 0x110000));
  CHECK_FALSE(In3(11, UINT32_MAX));
}

}  // namespace
}  // namespace leak_exporter::cpython
