#include "metrics/cpython/objects/unicode.h"

#include <array>

#include "tests/catch.h"
#include "tests/metrics/cpython/objects/object_builder.h"

namespace leak_exporter::cpython {
namespace {

struct Version {
  PythonVersion version;
  bool free_threaded = false;
};

/// One of each form of a str: up to 3.11, from 3.12 on, and free-threaded
/// before and after the byte for "interned".
const std::vector<Version> kVersions = {{{3, 8, 18}}, {{3, 11, 2}},
                                        {{3, 13, 5}}, {{3, 13, 5}, true},
                                        {{3, 14, 8}}, {{3, 14, 8}, true}};

Result<std::string> Read(const ObjectBuilder& builder, RemoteAddr text,
                         size_t limit = 100) {
  const BuiltObjects built(builder);
  return ReadText(built.memory, built.layout, text, limit);
}

TEST_CASE("text: each width of characters, as UTF-8") {
  // text.encode("utf-8", "surrogatepass") in 3.11.2
  const std::vector<std::pair<std::u32string, std::string>> texts = {
      {U"", ""},
      {U"plain", "plain"},
      {U"\xe9t\xe9", "\xc3\xa9t\xc3\xa9"},
      {U"\u0394x", "\xce\x94x"},
      {U"\u20ac", "\xe2\x82\xac"},
      {U"a\U0001f600", "a\xf0\x9f\x98\x80"},
      {{0xd800}, "\xed\xa0\x80"},
      {{'a', 0, 'b'}, {'a', 0, 'b'}},
  };
  for (const Version& version : kVersions) {
    INFO(ToString(version.version) << (version.free_threaded ? "t" : ""));
    for (const auto& [text, utf8] : texts) {
      INFO(utf8);
      ObjectBuilder builder(version.version, version.free_threaded);
      CHECK(Read(builder, builder.AddText(text)).value() == utf8);
    }
  }
}

TEST_CASE("text: a str whose characters are elsewhere") {
  ObjectBuilder builder({3, 11, 2});
  const Layout& layout = builder.layout();
  const RemoteAddr data = builder.Allocate(8);
  builder.PutText(data, "\x94\x03x\0");
  const RemoteAddr text = builder.AddObject(builder.Type("str"), 80);
  builder.Put<uint64_t>(text + layout.unicode.length, 2);
  builder.Put<uint32_t>(text + layout.unicode.state, 2 << 2);
  builder.Put(text + layout.unicode.data, data);
  CHECK(Read(builder, text).value() == "\xce\x94x");
  builder.Put(text + layout.unicode.data, ObjectBuilder::kNowhere);
  CHECK(Read(builder, text).error().code == EFAULT);
}

TEST_CASE("text: 2.7's str holds any bytes") {
  ObjectBuilder builder({2, 7, 18});
  CHECK(Read(builder, builder.AddName("na\xff\xc3me")).value() ==
        "na\xff\xc3me");
  const RemoteAddr longer = builder.AddName("12345");
  CHECK(Read(builder, longer, 5).value() == "12345");
  CHECK_FALSE(Read(builder, longer, 4).has_value());
}

TEST_CASE("text: a number that is no character is replaced") {
  ObjectBuilder builder({3, 11, 2});
  CHECK(Read(builder, builder.AddText({0x110000, 'x'})).value() ==
        "\xef\xbf\xbdx");
  CHECK(Read(builder, builder.AddText({0xffffffff})).value() == "\xef\xbf\xbd");
}

TEST_CASE("text: a length over the limit is an error, up to it is none") {
  for (const Version& version : kVersions) {
    ObjectBuilder builder(version.version, version.free_threaded);
    const RemoteAddr text = builder.AddName("12345");
    CHECK(Read(builder, text, 5).value() == "12345");
    const auto over = Read(builder, text, 4);
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().message ==
          "str at " + ToString(text) + ": a length of 5, over the limit");
    // Negative as a signed number.
    builder.Put(text + builder.layout().unicode.length, int64_t{-1});
    CHECK_FALSE(Read(builder, text, 1 << 20).has_value());
  }
}

TEST_CASE("text: kinds that there are not") {
  for (const Version& version : kVersions) {
    for (const uint32_t kind : {0u, 3u, 5u, 6u, 7u}) {
      ObjectBuilder builder(version.version, version.free_threaded);
      const RemoteAddr text = builder.AddName("abc");
      const uint32_t state = kind << 2 | 1 << 5;
      builder.Put(text + builder.layout().unicode.state,
                  state << builder.layout().unicode.state_shift);
      const auto read = Read(builder, text);
      REQUIRE_FALSE(read.has_value());
      CHECK(read.error().message ==
            "str at " + ToString(text) + ": kind " + std::to_string(kind));
    }
  }
}

TEST_CASE("text: a str that ends where nothing is mapped") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr text = builder.AddName("the last object");
  builder.Put<uint64_t>(text + builder.layout().unicode.length, 50);
  CHECK(Read(builder, text).error().code == EFAULT);
  CHECK(Read(builder, ObjectBuilder::kNowhere).error().code == EFAULT);
  CHECK(Read(builder, RemoteAddr{UINT64_MAX - 4}).error().code == EFAULT);
}

std::optional<TextForm> ReadForm(const ObjectBuilder& builder,
                                 RemoteAddr text) {
  BuiltObjects built(builder);
  return ReadTextForm(built.cache, built.layout, text);
}

TEST_CASE("text form: where the characters are, and how wide") {
  for (const Version& version : kVersions) {
    ObjectBuilder builder(version.version, version.free_threaded);
    const auto& fields = builder.layout().unicode;
    const RemoteAddr ascii = builder.AddText(U"abc");
    const RemoteAddr wide = builder.AddText(U"\u0394\u0394");
    const auto first = ReadForm(builder, ascii);
    REQUIRE(first.has_value());
    CHECK(first->data == ascii + fields.ascii_size);
    CHECK(first->length == 3);
    CHECK(first->kind == 1);
    CHECK(first->compact);
    CHECK(first->ascii);
    const auto second = ReadForm(builder, wide);
    REQUIRE(second.has_value());
    CHECK(second->data == wide + fields.compact_size);
    CHECK(second->length == 2);
    CHECK(second->kind == 2);
    CHECK_FALSE(second->ascii);
    // The same out of bytes that are at hand.
    std::array<std::byte, 96> bytes{};
    REQUIRE(builder.Memory().ReadSome(wide, bytes).has_value());
    const TextForm found =
        FindTextForm(builder.layout(), ObjectView(wide, bytes, 0));
    CHECK(found.data == second->data);
    CHECK(found.length == 2);
    CHECK(found.kind == 2);
    builder.Put(wide + fields.state, uint32_t{5} << 2 << fields.state_shift);
    CHECK_FALSE(ReadForm(builder, wide).has_value());
    CHECK_FALSE(ReadForm(builder, ObjectBuilder::kNowhere).has_value());
  }
}

TEST_CASE("text form: 2.7's characters are four bytes where that makes sense") {
  ObjectBuilder builder({2, 7, 18});
  const RemoteAddr text = builder.AddText(U"wide");
  CHECK(ReadForm(builder, text)->kind == 4);
  const auto kind = [&](RemoteAddr data, uint64_t length) {
    BuiltObjects built(builder);
    return GuessCharacterBytes(built.cache, data, length);
  };
  const auto data =
      builder.Get<RemoteAddr>(text + builder.layout().unicode.data);
  CHECK(kind(data, 4) == 4);
  // No NUL there, a number that is no character, nothing at all.
  CHECK(kind(data, 3) == 2);
  builder.Put<uint32_t>(data, 0x110000);
  CHECK(kind(data, 4) == 2);
  builder.Put<uint32_t>(data, 0x10ffff);
  CHECK(kind(data, 4) == 4);
  CHECK(kind(ObjectBuilder::kNowhere, 4) == 2);
  CHECK(kind(data, UINT64_MAX) == 2);
}

}  // namespace
}  // namespace leak_exporter::cpython
