#include "metrics/cpython/layout/python_version.h"

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("versions: read from PY_VERSION_HEX, written as Python does") {
  CHECK(VersionFromHex(0x030b02f0) == PythonVersion{3, 11, 2});
  CHECK(ToString(VersionFromHex(0x020712f0)) == "2.7.18");
  CHECK(ToString(PythonVersion{3, 9, std::nullopt}) == "3.9");
}

TEST_CASE("versions: the name of a program or library tells the minor") {
  struct Case {
    const char* path;
    std::optional<PythonVersion> version;
  };
  const Case cases[] = {
      {"/usr/bin/python3.9", PythonVersion{3, 9, {}}},
      {"/usr/lib/libpython3.11.so.1.0", PythonVersion{3, 11, {}}},
      {"python2.7", PythonVersion{2, 7, {}}},
      {"/opt/python3.8/bin/python3.10 (deleted)", PythonVersion{3, 10, {}}},
      {"libpython3.6m.so.1.0", PythonVersion{3, 6, {}}},
      {"/usr/bin/python3", std::nullopt},
      {"/opt/python3.8/bin/uwsgi", std::nullopt},
      {"/usr/bin/python3.", std::nullopt},
      {"/usr/bin/python3.x", std::nullopt},
      {"/usr/bin/python99999999999.1", std::nullopt},
      {"python", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : cases) {
    INFO(c.path);
    CHECK(VersionFromName(c.path) == c.version);
  }
}

TEST_CASE("versions: micro does not make another minor") {
  CHECK(IsSameMinor({3, 11, 2}, {3, 11, std::nullopt}));
  CHECK_FALSE(IsSameMinor({3, 11, 2}, {3, 12, 2}));
  CHECK_FALSE(IsSameMinor({2, 7, 18}, {3, 7, 18}));
}

}  // namespace
}  // namespace leak_exporter::cpython
