#include "metrics/base/named_enum.h"

#include <array>

#include "tests/catch.h"

namespace leak_exporter {
namespace {

enum class Fruit { kApple, kPear, kPlum };

constexpr std::string_view NameOf(Fruit fruit) {
  switch (fruit) {
    case Fruit::kApple:
      return "apple";
    case Fruit::kPear:
      return "pear";
    case Fruit::kPlum:
      return "plum";
  }
  return {};
}

TEST_CASE("named_enum: the values are those that have a name, in order") {
  CHECK(kCountOf<Fruit> == 3);
  CHECK(kValuesOf<Fruit> ==
        std::array{Fruit::kApple, Fruit::kPear, Fruit::kPlum});
}

TEST_CASE("named_enum: a name finds its value, another finds none") {
  for (const Fruit fruit : kValuesOf<Fruit>) {
    CHECK(FindByName<Fruit>(NameOf(fruit)) == fruit);
  }
  for (const char* name : {"", "app", "apples", "Pear"}) {
    CHECK_FALSE(FindByName<Fruit>(name));
  }
}

}  // namespace
}  // namespace leak_exporter
