#include "metrics/cpython/objects/dict.h"

#include <array>

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

const std::vector<PythonVersion> kVersions = {
    {3, 8, 18}, {3, 11, 2}, {3, 12, 1}, {3, 13, 5}, {3, 15, 2}};

using Header = std::array<std::byte, DictKeys::kHeaderBytes>;

Header ReadHeader(const ObjectBuilder& builder, RemoteAddr keys) {
  Header header{};
  REQUIRE(builder.Memory().ReadExact(keys, header).has_value());
  return header;
}

ObjectBuilder::Items Numbered(uint64_t count) {
  ObjectBuilder::Items items;
  for (uint64_t i = 0; i < count; ++i)
    items.emplace_back(RemoteAddr{0x2000 + 16 * i},
                       RemoteAddr{0x9000 + 16 * i});
  return items;
}

std::vector<std::pair<uint64_t, uint64_t>> Plain(
    const std::vector<DictItem>& items) {
  std::vector<std::pair<uint64_t, uint64_t>> plain;
  for (const DictItem& item : items)
    plain.emplace_back(Value(item.key), Value(item.value));
  return plain;
}

struct Sizes {
  uint64_t entries;
  uint64_t text_keys;
  uint64_t other_keys;
};

/// sys.getsizeof() of a dict of so many items, less the 64 bytes of the dict
/// itself and the collector's head.
const std::vector<std::pair<PythonVersion, std::vector<Sizes>>> kKeysBytes = {
    {{3, 8, 18},
     {{1, 168, 168},
      {6, 296, 296},
      {11, 576, 576},
      {150, 4632, 4632},
      {300, 9248, 9248}}},
    {{3, 11, 2},
     {{1, 120, 160},
      {6, 208, 288},
      {11, 400, 568},
      {150, 3264, 4624},
      {300, 6512, 9240}}},
    {{3, 13, 5},
     {{1, 120, 160},
      {6, 208, 288},
      {11, 400, 568},
      {150, 3264, 4624},
      {300, 6512, 9240}}},
    {{3, 15, 2},
     {{1, 120, 160},
      {6, 208, 288},
      {11, 400, 568},
      {150, 3264, 4624},
      {300, 6512, 9240}}},
};

TEST_CASE("dict keys: as large as sys.getsizeof() says") {
  for (const auto& [version, sizes] : kKeysBytes) {
    for (const Sizes& size : sizes) {
      INFO(ToString(version) << ", " << size.entries);
      ObjectBuilder builder(version);
      const auto items = Numbered(size.entries);
      const auto text = DictKeys::Parse(
          builder.layout(),
          ReadHeader(builder, builder.AddKeys(items, DictForm::kText)));
      const auto other = DictKeys::Parse(
          builder.layout(),
          ReadHeader(builder, builder.AddKeys(items, DictForm::kGeneral)));
      REQUIRE(text.has_value());
      REQUIRE(other.has_value());
      CHECK(text->bytes == size.text_keys);
      CHECK(other->bytes == size.other_keys);
      CHECK(text->entries == size.entries);
      CHECK(text->refcnt == 1);
      CHECK_FALSE(text->split);
    }
  }
}

TEST_CASE("dict keys: indices of four bytes, in a table of 2**18") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr keys = builder.AddKeys({}, DictForm::kText);
  const auto& fields = builder.layout().dict_keys;
  builder.Put<uint8_t>(keys + fields.dk_log2_size, 18);
  builder.Put<uint8_t>(keys + fields.dk_log2_index_bytes, 20);
  const auto parsed =
      DictKeys::Parse(builder.layout(), ReadHeader(builder, keys));
  REQUIRE(parsed.has_value());
  // sys.getsizeof({str(i): i for i in range(100000)}) - 64 in 3.11.2
  CHECK(parsed->bytes == 3844800);
}

TEST_CASE("dict keys: those that instances share say so, from 3.11 on") {
  for (const PythonVersion& version : kVersions) {
    ObjectBuilder builder(version);
    const auto parsed = DictKeys::Parse(
        builder.layout(),
        ReadHeader(builder, builder.AddKeys(Numbered(3), DictForm::kSplit)));
    REQUIRE(parsed.has_value());
    CHECK(parsed->split == (version.minor >= 11));
    CHECK(parsed->refcnt == 2);
  }
}

TEST_CASE("dict keys: numbers that make no sense are an error") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().dict_keys;
  const RemoteAddr keys = builder.AddKeys({}, DictForm::kGeneral);
  const auto error = [&](Offset field, auto value) {
    const auto before = builder.Get<decltype(value)>(keys + field);
    builder.Put(keys + field, value);
    const auto parsed =
        DictKeys::Parse(builder.layout(), ReadHeader(builder, keys));
    builder.Put(keys + field, before);
    return parsed ? std::string() : parsed.error().message;
  };
  CHECK(error(fields.dk_log2_size, uint8_t{41}) ==
        "dict keys: log2 size 41, kind 0");
  CHECK(error(fields.dk_log2_size, uint8_t{255}) ==
        "dict keys: log2 size 255, kind 0");
  CHECK(error(fields.dk_log2_index_bytes, uint8_t{44}) ==
        "dict keys: log2 size 3, kind 0");
  CHECK(error(fields.dk_kind, uint8_t{3}) == "dict keys: log2 size 3, kind 3");
  // One entry more than slots.
  CHECK(error(fields.dk_nentries, uint64_t{9}) ==
        "dict keys: 9 entries in a table of 8");
  CHECK(error(fields.dk_nentries, uint64_t{8}).empty());
  CHECK(error(fields.dk_nentries, UINT64_MAX) ==
        "dict keys: 18446744073709551615 entries in a table of 8");
  const Header header = ReadHeader(builder, keys);
  CHECK(DictKeys::Parse(builder.layout(), std::span(header).first(47))
            .error()
            .message == "dict keys: header is cut");
}

TEST_CASE("dict keys: up to 3.10 a size that is no power of two is an error") {
  ObjectBuilder builder({3, 8, 18});
  const auto& fields = builder.layout().dict_keys;
  const RemoteAddr keys = builder.AddKeys({}, DictForm::kGeneral);
  for (const uint64_t size :
       {uint64_t{0}, uint64_t{12}, uint64_t{1} << 41, UINT64_MAX}) {
    builder.Put(keys + fields.dk_size, size);
    const auto parsed =
        DictKeys::Parse(builder.layout(), ReadHeader(builder, keys));
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().message == "dict keys: size " + std::to_string(size));
  }
}

Result<std::vector<DictItem>> Read(const ObjectBuilder& builder,
                                   RemoteAddr dict, size_t limit = 1000) {
  return ReadDictItems(builder.Memory(), builder.layout(), dict, limit);
}

TEST_CASE("dict items: in order, in each form and version") {
  std::vector<PythonVersion> versions = kVersions;
  versions.push_back({2, 7, 18});
  for (const PythonVersion& version : versions) {
    for (const DictForm form :
         {DictForm::kGeneral, DictForm::kText, DictForm::kSplit}) {
      for (const uint64_t count : {0, 3, 20}) {
        INFO(ToString(version) << ", " << count);
        ObjectBuilder builder(version);
        const auto items = Numbered(count);
        const RemoteAddr dict = builder.AddDict(items, form);
        std::vector<std::pair<uint64_t, uint64_t>> expected;
        for (const auto& [key, value] : items)
          expected.emplace_back(Value(key), Value(value));
        const auto read = Read(builder, dict);
        REQUIRE(read.has_value());
        CHECK(Plain(*read) == expected);
        CHECK(
            ReadDictLength(builder.Memory(), builder.layout(), dict).value() ==
            count);
      }
    }
  }
}

TEST_CASE("dict items: a deleted one is left out") {
  for (const PythonVersion& version : kVersions) {
    for (const DictForm form : {DictForm::kGeneral, DictForm::kSplit}) {
      ObjectBuilder builder(version);
      auto items = Numbered(3);
      items[1].second = {};
      const RemoteAddr dict = builder.AddDict(items, form);
      CHECK(Plain(Read(builder, dict).value()) ==
            std::vector<std::pair<uint64_t, uint64_t>>{{0x2000, 0x9000},
                                                       {0x2020, 0x9020}});
      CHECK(ReadDictLength(builder.Memory(), builder.layout(), dict).value() ==
            2);
    }
  }
}

TEST_CASE("dict items: more than the limit are an error") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr dict = builder.AddDict(Numbered(20));
  CHECK(Read(builder, dict, 20)->size() == 20);
  CHECK(Read(builder, dict, 19).error().message ==
        "dict keys: 20 entries, over the limit");
}

TEST_CASE("dict items: 2.7's table is bounded, too") {
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr dict = builder.AddDict(Numbered(5));
  CHECK(Read(builder, dict, 2)->size() == 5);
  CHECK(Read(builder, dict, 1).error().message ==
        "dict keys: a table of 7 slots");
  builder.Put(dict + builder.layout().dict.ma_mask, UINT64_MAX);
  CHECK_FALSE(Read(builder, dict).has_value());
  builder.Put<uint64_t>(dict + builder.layout().dict.ma_mask, 7);
  builder.Put(dict + builder.layout().dict.ma_table, ObjectBuilder::kNowhere);
  CHECK(Read(builder, dict).error().code == EFAULT);
}

TEST_CASE("dict items: a torn dict is an error") {
  ObjectBuilder builder({3, 11, 2});
  const auto& fields = builder.layout().dict;
  const RemoteAddr dict = builder.AddDict(Numbered(3), DictForm::kSplit);
  const auto keys = builder.Get<RemoteAddr>(dict + fields.ma_keys);
  builder.Put(dict + fields.ma_values, ObjectBuilder::kNowhere);
  CHECK(Read(builder, dict).error().code == EFAULT);
  builder.Put(dict + fields.ma_values, RemoteAddr{});
  builder.Put(dict + fields.ma_keys, ObjectBuilder::kNowhere);
  CHECK(Read(builder, dict).error().code == EFAULT);
  builder.Put(dict + fields.ma_keys, RemoteAddr{UINT64_MAX - 8});
  CHECK(Read(builder, dict).error().code == EFAULT);
  builder.Put(dict + fields.ma_keys, keys);
  // The count of items is not what the entries go by.
  builder.Put<uint64_t>(dict + fields.ma_used, 1'000'000);
  CHECK(Read(builder, dict).has_value());
  builder.Put<uint64_t>(keys + builder.layout().dict_keys.dk_nentries, 9);
  CHECK(Read(builder, dict).error().message ==
        "dict keys: 9 entries in a table of 8");
}

}  // namespace
}  // namespace leak_exporter::cpython
