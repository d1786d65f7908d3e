#include "metrics/cpython/objects/object_kind.h"

#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("object kind: by the type's name in C, and plain for all others") {
  CHECK(KindOf("tuple") == ObjectKind::kTuple);
  CHECK(KindOf("type") == ObjectKind::kType);
  CHECK(KindOf("xml.etree.ElementTree.Element") == ObjectKind::kElement);
  CHECK(KindOf("Tuple") == ObjectKind::kPlain);
  CHECK(KindOf("") == ObjectKind::kPlain);
}

TEST_CASE("object kind: a tuple's size needs no more than its words") {
  CHECK_FALSE(HasSizeofOfItsOwn(ObjectKind::kTuple));
  CHECK_FALSE(HasSizeofOfItsOwn(ObjectKind::kPlain));
  CHECK(HasSizeofOfItsOwn(ObjectKind::kElement));
}

}  // namespace
}  // namespace leak_exporter::cpython
