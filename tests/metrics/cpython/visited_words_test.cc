#include "metrics/cpython/visited_words.h"

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

const PythonVersion k311{3, 11, 2};

TEST_CASE("visited words: a type of a version that is known") {
  // Its type, function, arguments, keywords and dict.
  CHECK(FindVisitedWords("functools.partial", 64, k311) == 0x3e);
  CHECK(FindVisitedWords("cell", 24, k311) == 0x4);
  CHECK(FindVisitedWords("tuple", 24, k311) == 0x0);
}

TEST_CASE("visited words: the same type, elsewhere in another version") {
  CHECK(FindVisitedWords("_asyncio.Future", 128, k311) == 0xa7fc);
  CHECK(FindVisitedWords("_asyncio.Future", 128, {3, 12, 1}) == 0xa7fe);
  CHECK(FindVisitedWords("_asyncio.Future", 112, {3, 14, 8}) == 0x1ffe);
}

TEST_CASE("visited words: nothing is said of what is not known") {
  CHECK(FindVisitedWords("functools.partial", 72, k311) == std::nullopt);
  CHECK(FindVisitedWords("functools.partial", 64, {3, 99, {}}) == std::nullopt);
  CHECK(FindVisitedWords("no.such.type", 64, k311) == std::nullopt);
  CHECK(FindVisitedWords("", 0, k311) == std::nullopt);
  // Follows pointers.
  CHECK(FindVisitedWords("dict", 48, k311) == std::nullopt);
}

}  // namespace
}  // namespace leak_exporter::cpython
