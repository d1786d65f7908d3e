#include "metrics/collectors/support/type_names.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

TEST_CASE("type names: each has one number") {
  TypeNames names(10'000);
  const auto dict = names.Intern("dict");
  const auto list = names.Intern("list");
  CHECK(dict != list);
  CHECK(names.Intern("dict") == dict);
  CHECK(names[dict] == "dict");
  CHECK(names[TypeNames::kOther] == "(other)");
  CHECK(names.Intern("(other)") == TypeNames::kOther);
  CHECK(names.size() == 3);
}

TEST_CASE("type names: those for which there is no room are the other ones") {
  TypeNames names(400);
  const std::string long_name(290, 'x');
  CHECK(names.Intern(long_name) != TypeNames::kOther);
  CHECK(names.Intern("y") == TypeNames::kOther);
  CHECK(names.Intern(long_name) != TypeNames::kOther);
}

TEST_CASE("type names: what nobody uses gives its room back") {
  TypeNames names(300);
  const std::string long_name(190, 'x');
  const auto first = names.Intern(long_name);
  CHECK(names.Intern("later") == TypeNames::kOther);
  std::vector<bool> used(names.size());
  auto moved = names.Keep(used);
  CHECK(moved.at(first) == TypeNames::kOther);
  const auto later = names.Intern("later");
  CHECK(later != TypeNames::kOther);
  used.assign(names.size(), true);
  moved = names.Keep(used);
  CHECK(names[moved.at(later)] == "later");
}

}  // namespace
}  // namespace leak_exporter
