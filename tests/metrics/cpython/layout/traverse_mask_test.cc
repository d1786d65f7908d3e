#include "metrics/cpython/layout/traverse_mask.h"

#include "metrics/cpython/layout/layout.h"
#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

const PythonVersion k311{3, 11, 2};

TEST_CASE("traverse mask: a type of a version that is known") {
  // Its type, function, arguments, keywords and dict.
  CHECK(FindTraverseMask("functools.partial", 64, k311) == 0x3e);
  CHECK(FindTraverseMask("cell", 24, k311) == 0x4);
  CHECK(FindTraverseMask("tuple", 24, k311) == 0x0);
}

TEST_CASE("traverse mask: the same type, elsewhere in another version") {
  CHECK(FindTraverseMask("_asyncio.Future", 128, k311) == 0xa7fc);
  CHECK(FindTraverseMask("_asyncio.Future", 128, {3, 12, 1}) == 0xa7fe);
  CHECK(FindTraverseMask("_asyncio.Future", 112, {3, 14, 8}) == 0x1ffe);
}

TEST_CASE("traverse mask: nothing is said of what is not known") {
  CHECK(FindTraverseMask("functools.partial", 72, k311) == std::nullopt);
  CHECK(FindTraverseMask("functools.partial", 64, {3, 99, {}}) == std::nullopt);
  CHECK(FindTraverseMask("no.such.type", 64, k311) == std::nullopt);
  CHECK(FindTraverseMask("", 0, k311) == std::nullopt);
  // Follows pointers.
  CHECK(FindTraverseMask("dict", 48, k311) == std::nullopt);
}

TEST_CASE("traverse mask: every version with a layout was asked") {
  for (const PythonVersion& version : KnownVersions()) {
    INFO(ToString(version));
    CHECK(FindTraverseMask("cell", 24, version) == 0x4);
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
