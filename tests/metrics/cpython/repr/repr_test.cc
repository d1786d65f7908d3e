#include "metrics/cpython/repr/repr.h"

#include <cstring>
#include <map>
#include <string>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"

namespace leak_exporter::cpython {
namespace {

/// Memory of a made-up 3.11 with a type for each kind of object asked for.
/// What real interpreters hold is compared by tests/integration/python.
class Heap {
 public:
  Heap() : layout_(*FindLayout({3, 11, 2}, false)) {
    Put<uint64_t>(kType + 8, Value(kType));
    MakeType(kType, "type", type_flags::kTypeSubclass);
  }

  RemoteAddr AddType(const std::string& name, uint64_t flags = 0) {
    const RemoteAddr type = Allocate(1024);
    MakeType(type, name, flags);
    return type;
  }
  RemoteAddr Allocate(size_t size) {
    const RemoteAddr address{next_};
    next_ += (size + 15) / 16 * 16 + 64;
    return address;
  }
  RemoteAddr AddObject(RemoteAddr type, size_t size = 64) {
    const RemoteAddr object = Allocate(size);
    Put<uint64_t>(object, 1);
    Put(object + 8, type);
    return object;
  }
  template <typename T>
  void Put(RemoteAddr address, const T& value) {
    std::memcpy(bytes_.data() + (Value(address) - kBase), &value,
                sizeof(value));
  }
  void PutText(RemoteAddr address, const std::string& text) {
    std::memcpy(bytes_.data() + (Value(address) - kBase), text.data(),
                text.size());
  }
  RemoteAddr AddText(RemoteAddr type, const std::string& ascii) {
    const RemoteAddr object = AddObject(type, 64 + ascii.size());
    Put<uint64_t>(object + 16, ascii.size());
    constexpr uint32_t kCompactAscii = 1 << 2 | 1 << 5 | 1 << 6;
    Put<uint32_t>(object + 32, kCompactAscii);
    PutText(object + 48, ascii);
    return object;
  }
  RemoteAddr AddList(RemoteAddr type, uint64_t size,
                     const std::vector<RemoteAddr>& items) {
    const RemoteAddr object = AddObject(type);
    const RemoteAddr array = Allocate(8 * items.size() + 8);
    Put<uint64_t>(object + 16, size);
    Put(object + 24, array);
    for (size_t i = 0; i < items.size(); ++i) Put(array + 8 * i, items[i]);
    return object;
  }
  std::string Print(RemoteAddr object) {
    const auto image = ImageMemory::FromSegments({{RemoteAddr{kBase}, bytes_}});
    REQUIRE(image);
    TypeTable types(*image, layout_);
    return ReprPrinter(types).Print(object);
  }

 private:
  static constexpr uint64_t kBase = 0x100000;
  static constexpr RemoteAddr kType{kBase};

  void MakeType(RemoteAddr type, const std::string& name, uint64_t flags) {
    const RemoteAddr text = Allocate(name.size() + 1);
    PutText(text, name);
    Put<uint64_t>(type, 1);
    Put(type + 8, kType);
    Put(type + layout_.type.tp_name, text);
    Put<int64_t>(type + layout_.type.tp_basicsize, 64);
    Put<uint64_t>(type + layout_.type.tp_flags, flags);
  }

  Layout layout_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(1 << 20);
  uint64_t next_ = kBase + 1024;
};

TEST_CASE("repr: a list in itself") {
  Heap heap;
  const RemoteAddr list = heap.AddType("list");
  const RemoteAddr ring = heap.AddList(list, 2, {{}, {}});
  const RemoteAddr outer = heap.AddList(list, 1, {ring});
  heap.Put(RemoteAddr{Value(ring)} + 16, uint64_t{1});
  const RemoteAddr items = heap.Allocate(8);
  heap.Put(items, outer);
  heap.Put(ring + 24, items);
  CHECK(heap.Print(outer) == "[[[...]]]");
}

TEST_CASE("repr: text of any length is cut at a hundred characters") {
  Heap heap;
  const RemoteAddr str = heap.AddType("str", type_flags::kUnicodeSubclass);
  CHECK(heap.Print(heap.AddText(str, "it's")) == "\"it's\"");
  CHECK(heap.Print(heap.AddText(str, "both ' and \"")) == "'both \\' and \"'");
  const std::string shown =
      heap.Print(heap.AddText(str, std::string(500, 'x')));
  CHECK(shown == "'" + std::string(99, 'x'));
}

TEST_CASE("repr: numbers that a length cannot be") {
  Heap heap;
  const RemoteAddr list = heap.AddType("list");
  const RemoteAddr str = heap.AddType("str", type_flags::kUnicodeSubclass);
  const RemoteAddr text = heap.AddText(str, "a");
  CHECK(heap.Print(heap.AddList(list, uint64_t{1} << 60, {text, text})) ==
        "['a', 'a', <NULL>, <NULL>, <NULL>, <NULL>, <NULL>, <NULL>, <NULL>, "
        "<NULL>, <NULL>, <NULL>, <NULL>, <");
  // Negative: shown as an object whose type does not render it.
  const RemoteAddr negative = heap.AddList(list, UINT64_MAX, {});
  CHECK(heap.Print(negative) == "<list object at " + ToString(negative) + ">");
  heap.Put<uint64_t>(text + 16, uint64_t{1} << 62);
  CHECK(heap.Print(text).size() <= 400);
}

TEST_CASE("repr: addresses where nothing is") {
  Heap heap;
  CHECK(heap.Print(RemoteAddr{0}) == "<NULL>");
  CHECK(heap.Print(RemoteAddr{0x10}) == "<? object at 0x10>");
  CHECK(heap.Print(RemoteAddr{UINT64_MAX}) ==
        "<? object at 0xffffffffffffffff>");
  const RemoteAddr list = heap.AddType("list");
  CHECK(heap.Print(heap.AddList(list, 1, {RemoteAddr{0x10}})) ==
        "[<? object at 0x10>]");
}

TEST_CASE("repr: lists in lists, deeper than what is shown") {
  Heap heap;
  const RemoteAddr list = heap.AddType("list");
  RemoteAddr inner = heap.AddList(list, 0, {});
  for (int i = 0; i < 300; ++i) inner = heap.AddList(list, 1, {inner});
  CHECK(heap.Print(inner) == std::string(100, '['));
}

TEST_CASE("repr: floats as Python shows them") {
  Heap heap;
  const RemoteAddr type = heap.AddType("float");
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {0.1, "0.1"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {-2.5, "-2.5"},
      {123456.789, "123456.789"},
      {1.5e300, "1.5e+300"}};
  for (const auto& [value, shown] : cases) {
    const RemoteAddr object = heap.AddObject(type);
    heap.Put(object + 16, value);
    CHECK(heap.Print(object) == shown);
  }
}

TEST_CASE("repr: ints of many digits, and too many") {
  Heap heap;
  const RemoteAddr type = heap.AddType("int");
  const RemoteAddr object = heap.AddObject(type, 4096);
  CHECK(heap.Print(object) == "0");
  heap.Put<int64_t>(object + 16, -3);
  heap.Put<uint32_t>(object + 32, 1);
  CHECK(heap.Print(object) == "-1152921504606846976");
  heap.Put<int64_t>(object + 16, int64_t{1} << 40);
  CHECK(heap.Print(object) == "<int object at " + ToString(object) + ">");
  heap.Put<int64_t>(object + 16, INT64_MIN);
  CHECK(heap.Print(object) == "<int object at " + ToString(object) + ">");
}

}  // namespace
}  // namespace leak_exporter::cpython
