#include "tests/metrics/cpython/sizes/measuring.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("library: what the interpreter says, in each version") {
  CHECK(CompareWithRecorded({"element_0", "element_2", "element_10",
                             "bytes_io_empty", "bytes_io",
                             "bytes_io_written"}) == 36);
  CHECK(CompareWithRecorded({"array_empty", "array", "decimal_small",
                             "decimal_large", "product", "combinations",
                             "permutations"}) == 42);
  CHECK(CompareWithRecorded({"partial", "memory_view", "slice", "property",
                             "class_method", "static_method",
                             "mapping_proxy"}) == 42);
  CHECK(CompareWithRecorded({"file_raw", "file_buffered", "file_buffered_small",
                             "file_text", "file_closed"}) == 30);
}

TEST_CASE("library: what 2.7 does not have, or has otherwise") {
  CHECK(CompareWithRecorded({"lru_cache_bounded", "lru_cache_unbounded",
                             "tee_data", "simple_queue", "namespace"}) == 25);
  CHECK(CompareWithRecorded({"struct"}) == 6);
}

/// An object of a C type of 3.11.
class LibraryObject {
 public:
  LibraryObject(const std::string& name, uint64_t basicsize)
      : object_(builder_.AddObject(
            builder_.AddType(
                {name, 0, basicsize, 0, builder_.Type("object"), {}, false}),
            256)) {}

  template <typename T>
  LibraryObject& Put(uint64_t offset, const T& value) {
    builder_.Put(object_ + offset, value);
    return *this;
  }
  RemoteAddr address() const { return object_; }
  ObjectBuilder& builder() { return builder_; }
  ObjectMeasure Measured() const { return Measure(builder_, object_); }

 private:
  ObjectBuilder builder_{{3, 11, 2}};
  RemoteAddr object_{};
};

const InternalLayout kInternal = FindLayout({3, 11, 2}, false)->internal;

TEST_CASE("library: numpy's arrays own their items, or view another's") {
  struct Case {
    std::vector<int64_t> dimensions;
    std::vector<int64_t> strides;
    bool owned;
    uint64_t bytes;
  };
  // sys.getsizeof() with numpy 1.24.2 in 3.11.2: of zeros((3, 4)), the same in
  // Fortran's order, zeros(1000, "i2"), a slice of the first, zeros((0, 4)).
  const std::vector<Case> cases = {{{3, 4}, {32, 8}, true, 224},
                                   {{3, 4}, {8, 24}, true, 224},
                                   {{1000}, {2}, true, 2112},
                                   {{2, 4}, {32, 8}, false, 128},
                                   {{0, 4}, {0, 0}, true, 128}};
  constexpr uint32_t kOwnData = 4;
  for (const Case& c : cases) {
    LibraryObject array("numpy.ndarray", 96);
    const RemoteAddr shape = array.builder().Allocate(32);
    for (size_t i = 0; i < c.dimensions.size(); ++i) {
      array.builder().Put(shape + 8 * i, c.dimensions[i]);
      array.builder().Put(shape + 16 + 8 * i, c.strides[i]);
    }
    array.Put(kInternal.nd_array.nd, static_cast<uint32_t>(c.dimensions.size()))
        .Put(kInternal.nd_array.dimensions, shape)
        .Put(kInternal.nd_array.strides, shape + 16)
        .Put(kInternal.nd_array.flags, c.owned ? kOwnData : 0u);
    CHECK(array.Measured().bytes == c.bytes);
  }
}

TEST_CASE("library: dimensions of an array that there cannot be") {
  LibraryObject array("numpy.ndarray", 96);
  array.Put(kInternal.nd_array.nd, UINT32_MAX)
      .Put(kInternal.nd_array.flags, uint32_t{4})
      .Put(kInternal.nd_array.dimensions, ObjectBuilder::kNowhere);
  CHECK(array.Measured().bytes == 96 + 16 * 64);
}

TEST_CASE("library: a cache of results without its dict has no links") {
  LibraryObject cache("functools._lru_cache_wrapper", 152);
  const uint64_t nothing = cache.Measured().references;
  const RemoteAddr dict = cache.builder().AddDict({});
  cache.builder().Put<uint64_t>(dict + cache.builder().layout().dict.ma_used,
                                5);
  cache.Put(kInternal.lru_cache.cache, dict);
  // Each link visits its key, its result and its type; and there is the dict.
  CHECK(cache.Measured().references == nothing + 1 + 15);
  cache.Put(kInternal.lru_cache.cache, ObjectBuilder::kNowhere);
  CHECK(cache.Measured().references == nothing + 1);
  // A list that leads back to the cache itself is none.
  cache.Put(kInternal.lru_cache.cache, dict)
      .Put(kInternal.lru_cache.root_next, cache.address());
  CHECK(cache.Measured().references == nothing + 1);
}

TEST_CASE("library: a tee's block holds at most its own number of items") {
  LibraryObject data("itertools._tee_dataobject", 496);
  const auto references = [&](int32_t read) {
    return data.Put(kInternal.tee_data.numread, read).Measured().references;
  };
  CHECK(references(0) == 0);
  CHECK(references(7) == 7);
  CHECK(references(57) == 57);
  CHECK(references(INT32_MAX) == 57);
  CHECK(references(-1) == 0);
}

TEST_CASE("library: an element's children, in it or elsewhere") {
  LibraryObject element("xml.etree.ElementTree.Element", 56);
  ObjectBuilder& builder = element.builder();
  const auto& layout = kInternal.element;
  CHECK(element.Measured().bytes == 56);
  const RemoteAddr extra = builder.Allocate(64);
  element.Put(layout.extra, extra);
  builder.Put(extra, builder.AddNone());
  builder.Put<uint64_t>(extra + layout.extra_length, 3);
  builder.Put<uint64_t>(extra + layout.extra_allocated, 4);
  builder.Put(extra + layout.extra_children, extra + layout.extra_own_children);
  CHECK(element.Measured().bytes == 56 + 64);
  CHECK(element.Measured().references == 4);
  builder.Put(extra + layout.extra_children, builder.Allocate(32));
  CHECK(element.Measured().bytes == 56 + 64 + 32);
  element.Put(layout.extra, ObjectBuilder::kNowhere);
  CHECK(element.Measured().references == 0);
}

TEST_CASE("library: a BytesIO counts its buffer while nobody else holds it") {
  LibraryObject stream("_io.BytesIO", 80);
  ObjectBuilder& builder = stream.builder();
  const RemoteAddr buffer = builder.AddBytes("12345");
  stream.Put(kInternal.bytes_io.buf, buffer);
  // sys.getsizeof(b"12345") is 38 in 3.11.2.
  CHECK(stream.Measured().bytes == 80 + 38);
  builder.Put<uint64_t>(buffer, 2);
  CHECK(stream.Measured().bytes == 80);
  stream.Put(kInternal.bytes_io.buf, ObjectBuilder::kNowhere);
  CHECK(stream.Measured().bytes == 80);
}

TEST_CASE("library: the codes of a Struct end, with zero or with the memory") {
  LibraryObject format("_struct.Struct", 56);
  ObjectBuilder& builder = format.builder();
  const RemoteAddr codes = builder.Allocate(128);
  for (uint64_t i = 0; i < 3; ++i) builder.Put<uint64_t>(codes + 32 * i, 1);
  format.Put(kInternal.struct_object.s_codes, codes);
  // struct.Struct("<iq3h") has three, too: 200 with 16 for the collector's
  // head, which Struct has from 3.9 on.
  CHECK(format.Measured().bytes == 200 - 16);
  builder.Put<uint64_t>(codes + 96, 1);
  CHECK(format.Measured().bytes == 56 + 32 * 5);
  format.Put(kInternal.struct_object.s_codes, ObjectBuilder::kNowhere);
  CHECK(format.Measured().bytes == 56 + 32);
  format.Put(kInternal.struct_object.s_codes, RemoteAddr{});
  CHECK(format.Measured().bytes == 56);
}

TEST_CASE("library: an array without a description of its items") {
  LibraryObject array("array.array", 64);
  array.Put(kInternal.array.allocated, uint64_t{100});
  CHECK(array.Measured().bytes == 64);
  const RemoteAddr descr = array.builder().Allocate(16);
  array.builder().Put<uint32_t>(descr + kInternal.array.descr_itemsize, 4);
  array.Put(kInternal.array.ob_descr, descr);
  CHECK(array.Measured().bytes == 464);
}

TEST_CASE("library: a Decimal counts digits that are not in it") {
  LibraryObject decimal("decimal.Decimal", 104);
  decimal.Put(kInternal.decimal.alloc, uint64_t{6})
      .Put(kInternal.decimal.data,
           decimal.address() + kInternal.decimal.own_data);
  CHECK(decimal.Measured().bytes == 104);
  decimal.Put(kInternal.decimal.data, decimal.builder().Allocate(48));
  CHECK(decimal.Measured().bytes == 104 + 48);
}

TEST_CASE("library: a buffer counts while there is one") {
  LibraryObject reader("_io.BufferedReader", 152);
  CHECK(reader.Put(kInternal.buffered.buffer_size, uint64_t{8192})
            .Measured()
            .bytes == 152);
  CHECK(reader.Put(kInternal.buffered.buffer, reader.builder().Allocate(8))
            .Measured()
            .bytes == 152 + 8192);
}

TEST_CASE("library: pools of a product that are nowhere add nothing") {
  LibraryObject product("itertools.product", 56);
  CHECK(product.Measured().bytes == 56);
  product.Put(kInternal.combinations.pools,
              product.builder().AddTuple(
                  {product.builder().AddNone(), product.builder().AddNone()}));
  // sys.getsizeof(itertools.product([1, 2], "abc")) is 80 in 3.11.2, with 16
  // for the collector's head; that has no lists of results then.
  CHECK(product.Measured().bytes == 56 + 16);
  product.Put(kInternal.combinations.pools, ObjectBuilder::kNowhere);
  CHECK(product.Measured().bytes == 56);
}

}  // namespace
}  // namespace leak_exporter::cpython
