#include "metrics/cpython/layout/layout.h"

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("layout: an unknown version has none, and the reason names it") {
  for (const PythonVersion& version :
       {PythonVersion{3, 99, {}}, PythonVersion{3, 5, 1},
        PythonVersion{2, 6, 9}, PythonVersion{4, 13, 0}}) {
    for (const bool free_threaded : {false, true}) {
      const auto layout = FindLayout(version, free_threaded);
      REQUIRE_FALSE(layout.has_value());
      CHECK(layout.error().message == "the memory layout of CPython " +
                                          ToString(version) + " is not known");
    }
  }
}

TEST_CASE("layout: only builds since 3.13 can be free-threaded") {
  for (const PythonVersion& version : KnownVersions()) {
    INFO(ToString(version));
    const auto layout = FindLayout(version, true);
    const bool known = version.major == 3 && version.minor >= 13;
    CHECK(layout.has_value() == known);
    if (known) {
      CHECK(layout->free_threaded);
      CHECK(layout->gc_scheme == GcScheme::kBits);
    } else {
      CHECK(layout.error().message ==
            "CPython " + ToString(version) +
                " cannot be free-threaded: not understood");
    }
  }
}

TEST_CASE("layout: has the version that was asked for, micro included") {
  const auto layout = FindLayout({3, 11, 2}, false);
  REQUIRE(layout.has_value());
  CHECK(layout->version == PythonVersion{3, 11, 2});
  CHECK_FALSE(layout->free_threaded);
}

TEST_CASE("layout: what differs by version is a field, not a test of it") {
  for (const PythonVersion& version : KnownVersions()) {
    INFO(ToString(version));
    const auto found = FindLayout(version, false);
    REQUIRE(found.has_value());
    const Layout& layout = *found;
    const bool python2 = version.major == 2;
    const bool since_314 = version.major == 3 && version.minor >= 14;
    CHECK(layout.python2 == python2);
    CHECK(layout.builtins_module == (python2 ? "__builtin__" : "builtins"));
    CHECK(layout.untracked_alignment == (python2 ? 8 : 16));
    CHECK(layout.set.entry_key == (python2 ? 8 : 0));
    CHECK(layout.set.entry_hash == (python2 ? 0 : 8));
    CHECK(layout.unicode.state_shift == 0);
    CHECK(layout.object.refcnt_flags == (since_314 ? 0xFFFF000000000000 : 0));
    const auto free_threaded = FindLayout(version, true);
    if (!free_threaded) continue;
    CHECK(free_threaded->unicode.state_shift == (since_314 ? 6 : 0));
  }
}

TEST_CASE("layout: known versions come oldest first, each once") {
  const std::vector<PythonVersion> versions = KnownVersions();
  REQUIRE(versions.size() >= 11);
  CHECK(versions.front() == PythonVersion{2, 7, std::nullopt});
  for (size_t i = 1; i < versions.size(); ++i) {
    const PythonVersion& a = versions[i - 1];
    const PythonVersion& b = versions[i];
    CHECK(std::pair(a.major, a.minor) < std::pair(b.major, b.minor));
  }
}

}  // namespace
}  // namespace leak_exporter::cpython
