#include "metrics/cpython/layout/internal_layout.h"

#include "metrics/cpython/layout/layout.h"
#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

InternalLayout Find(const PythonVersion& version) {
  const auto layout = FindInternalLayout(version);
  if (!layout) FAIL(layout.error().message);
  return *layout;
}

TEST_CASE("internal layout: every version with a layout has one") {
  for (const PythonVersion& version : KnownVersions()) {
    INFO(ToString(version));
    CHECK(FindInternalLayout(version).has_value());
  }
}

TEST_CASE("internal layout: a version that is not known gets no neighbour's") {
  for (const PythonVersion& version :
       {PythonVersion{3, 99, 0}, PythonVersion{3, 5, 1},
        PythonVersion{2, 6, {}}, PythonVersion{4, 13, 0}}) {
    const auto layout = FindInternalLayout(version);
    REQUIRE_FALSE(layout.has_value());
    CHECK(layout.error().message == "the frames and library types of CPython " +
                                        ToString(version) + " are not known");
  }
}

TEST_CASE("internal layout: a version starts from the one before it") {
  CHECK(Find({2, 7, 18}).frame.f_stacktop == 72);
  CHECK(Find({3, 9, 2}).frame.f_stacktop == 72);
  CHECK(Find({3, 10, 13}).frame.f_stacktop == kAbsent);
  CHECK(Find({3, 10, 13}).frame.f_stackdepth == 80);
  CHECK_FALSE(Find({3, 13, 5}).tagged_stack);
  CHECK(Find({3, 14, 8}).tagged_stack);
  CHECK(Find({3, 15, 2}).tagged_stack);
  CHECK(Find({3, 15, 2}).module.md_def == kAbsent);
}

TEST_CASE("internal layout: who visits embedded values, by micro version") {
  CHECK(Find({3, 13, 0}).instance_visits_embedded_values);
  CHECK(Find({3, 13, 4}).instance_visits_embedded_values);
  CHECK_FALSE(Find({3, 13, 5}).instance_visits_embedded_values);
  CHECK_FALSE(Find({3, 13, std::nullopt}).instance_visits_embedded_values);
  CHECK_FALSE(Find({3, 12, 1}).instance_visits_embedded_values);
  CHECK_FALSE(Find({3, 14, 0}).instance_visits_embedded_values);
}

TEST_CASE("internal layout: is part of the layout that is found") {
  const auto layout = FindLayout({3, 13, 4}, false);
  REQUIRE(layout.has_value());
  CHECK(layout->internal.instance_visits_embedded_values);
  CHECK(layout->internal.frame.size == 64);
}

}  // namespace
}  // namespace leak_exporter::cpython
