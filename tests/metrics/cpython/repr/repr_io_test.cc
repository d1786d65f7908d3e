#include "tests/metrics/cpython/repr/printing.h"

namespace leak_exporter::cpython {
namespace {

TEST_CASE("repr of streams: as each version's own") {
  CHECK(CompareReprs({"file_raw", "file_read_write", "file_append",
                      "file_of_number", "file_closed", "file_buffered",
                      "file_buffered_small", "file_text"}) == 48);
}

/// io.FileIO of a version, without a name.
RemoteAddr AddFile(ObjectBuilder& builder, int32_t fd, uint32_t flags) {
  const RemoteAddr file = builder.AddObject(builder.AddType(
      {"_io.FileIO", 0, 72, 0, builder.Type("object"), {}, false}));
  builder.Put(file + 16, fd);
  builder.Put(file + 20, flags);
  return file;
}

TEST_CASE("repr of raw files: the mode is what the flags allow") {
  // created 1, readable 2, writable 4, appending 8, closefd 64: what
  // io.FileIO(name, mode).mode says in 3.11.2.
  const std::vector<std::pair<uint32_t, std::string>> modes = {
      {1 | 4, "xb"}, {1 | 2 | 4, "xb+"}, {2, "rb"},         {2 | 4, "rb+"},
      {4, "wb"},     {4 | 8, "ab"},      {2 | 4 | 8, "ab+"}};
  for (const auto& [flags, mode] : modes) {
    ObjectBuilder builder({3, 11, 2});
    CHECK(Print(builder, AddFile(builder, 3, flags | 1 << 6)) ==
          "<_io.FileIO fd=3 mode='" + mode + "' closefd=True>");
    CHECK(Print(builder, AddFile(builder, 3, flags)) ==
          "<_io.FileIO fd=3 mode='" + mode + "' closefd=False>");
  }
}

TEST_CASE("repr of raw files: the flags stand elsewhere in 2.7 and 3.15") {
  ObjectBuilder later({3, 15, 2});
  CHECK(Print(later, AddFile(later, 3, 2 | 1 << 7)) ==
        "<_io.FileIO fd=3 mode='rb' closefd=True>");
  CHECK(Print(later, AddFile(later, 3, 2 | 1 << 6)) ==
        "<_io.FileIO fd=3 mode='rb' closefd=False>");
  ObjectBuilder python2({2, 7, 18});
  CHECK(Print(python2, AddFile(python2, 3, 1)) ==
        "<_io.FileIO fd=3 mode='rb'>");
  CHECK(Print(python2, AddFile(python2, 3, 2)) ==
        "<_io.FileIO fd=3 mode='wb'>");
}

TEST_CASE("repr of raw files: any negative number is a closed one") {
  ObjectBuilder builder({3, 11, 2});
  CHECK(Print(builder, AddFile(builder, -1, 2)) == "<_io.FileIO [closed]>");
  CHECK(Print(builder, AddFile(builder, INT32_MIN, 2)) ==
        "<_io.FileIO [closed]>");
}

RemoteAddr AddStream(ObjectBuilder& builder, const std::string& type,
                     uint64_t inner_offset, RemoteAddr inner) {
  const RemoteAddr stream = builder.AddObject(
      builder.AddType({type, 0, 128, 0, builder.Type("object"), {}, false}),
      128);
  builder.Put(stream + inner_offset, inner);
  return stream;
}

/// A file that has a name among its attributes.
RemoteAddr AddNamedFile(ObjectBuilder& builder, RemoteAddr name) {
  const RemoteAddr file = AddFile(builder, 3, 2 | 1 << 6);
  const auto type = builder.Get<RemoteAddr>(file + 8);
  builder.Put<int64_t>(type + builder.layout().type.tp_dictoffset, 40);
  builder.Put(file + 40, builder.AddDict({{builder.AddName("name"), name}}));
  return file;
}

TEST_CASE("repr of streams: the name is that of the raw file below") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr file = AddNamedFile(builder, builder.AddName("/it's"));
  CHECK(Print(builder, file) ==
        "<_io.FileIO name=\"/it's\" mode='rb' closefd=True>");
  const RemoteAddr buffered =
      AddStream(builder, "_io.BufferedReader", 16, file);
  CHECK(Print(builder, buffered) == "<_io.BufferedReader name=\"/it's\">");
  const RemoteAddr text = AddStream(builder, "_io.TextIOWrapper", 32, buffered);
  builder.Put(text + 40, builder.AddName("utf-8"));
  CHECK(Print(builder, text) ==
        "<_io.TextIOWrapper name=\"/it's\" encoding='utf-8'>");
}

TEST_CASE("repr of streams: on a file of a number, or on none") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr file = AddNamedFile(builder, builder.AddInt(5));
  CHECK(Print(builder, AddStream(builder, "_io.BufferedWriter", 16, file)) ==
        "<_io.BufferedWriter name=5>");
  CHECK(Print(builder, AddStream(builder, "_io.BufferedRandom", 16, {})) ==
        "<_io.BufferedRandom>");
  CHECK(Print(builder, AddStream(builder, "_io.BufferedReader", 16,
                                 ObjectBuilder::kNowhere)) ==
        "<_io.BufferedReader>");
  CHECK(Print(builder, AddStream(builder, "_io.TextIOWrapper", 32, {})) ==
        "<_io.TextIOWrapper encoding=<NULL>>");
}

TEST_CASE("repr of streams: one on top of itself ends") {
  ObjectBuilder builder({3, 11, 2});
  const RemoteAddr stream = AddStream(builder, "_io.BufferedReader", 16, {});
  builder.Put(stream + 16, stream);
  CHECK(Print(builder, stream) == "<_io.BufferedReader>");
}

}  // namespace
}  // namespace leak_exporter::cpython
