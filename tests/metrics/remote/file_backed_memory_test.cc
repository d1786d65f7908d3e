#include "metrics/remote/file_backed_memory.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "metrics/remote/image_memory.h"
#include "tests/catch.h"
#include "tests/fake_proc.h"
#include "tests/metrics/remote/fake_pagemap.h"
#include "tests/metrics/remote/faulty_memory.h"
#include "tests/metrics/remote/reading.h"

namespace leak_exporter {
namespace {

constexpr pid_t kPid = 7;
constexpr uint64_t kFirstPage = 16;
constexpr uint64_t kPages = 4;
const std::string kFile = "root/opt/library.so";

/// A process with four pages of a file mapped from its second page on, and two
/// pages of its own right behind. What is in memory says "live", what is in the
/// file says "file", each page with its number. Of the mapped ones only the
/// second and the third are in memory.
class MappedFile {
 public:
  MappedFile() : page_bytes_(FakePagemap::PageBytes()) {
    proc_.Write(kPid, kFile, Pages("file", kPages + 1));
    FakePagemap pagemap;
    pagemap.SetPresent(kFirstPage + 1);
    pagemap.SetSwapped(kFirstPage + 2);
    pagemap.SetUntouched(kFirstPage + kPages + 1);
    pagemap.Write(proc_, kPid);
    mapping_.start = kFirstPage * page_bytes_;
    mapping_.end = mapping_.start + kPages * page_bytes_;
    mapping_.readable = true;
    mapping_.offset = page_bytes_;
    mapping_.inode = InodeOf(kFile);
    mapping_.name = "/opt/library.so";
  }

  uint64_t InodeOf(const std::string& name) const {
    struct stat status {};
    const std::string path =
        proc_.root() + "/" + std::to_string(kPid) + "/" + name;
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_ino;
  }
  std::filesystem::path FilePath() const {
    return proc_.root() + "/" + std::to_string(kPid) + "/" + kFile;
  }

  ImageMemory Live() const {
    return *ImageMemory::FromSegments(
        {{At(0), Bytes(Pages("live", kPages + 2))}});
  }
  MemoryMap Map() const {
    MemoryMap map;
    map.Add(mapping_);
    procfs::Mapping anonymous;
    anonymous.start = mapping_.end;
    anonymous.end = mapping_.end + 2 * page_bytes_;
    map.Add(anonymous);
    return map;
  }
  RemoteAddr At(uint64_t page, uint64_t offset = 0) const {
    return RemoteAddr{(kFirstPage + page) * page_bytes_ + offset};
  }
  uint64_t page_bytes() const { return page_bytes_; }
  const FakeProc& proc() const { return proc_; }
  procfs::Mapping& mapping() { return mapping_; }

 private:
  std::string Pages(const std::string& word, uint64_t count) const {
    std::string text;
    for (uint64_t page = 0; page < count; ++page) {
      std::string bytes(page_bytes_, '.');
      const std::string name = word + std::to_string(page);
      bytes.replace(0, name.size(), name);
      bytes.replace(bytes.size() - 1, 1, "|");
      text += bytes;
    }
    return text;
  }

  FakeProc proc_;
  uint64_t page_bytes_;
  procfs::Mapping mapping_;
};

TEST_CASE("file-backed memory: untouched pages come from the file") {
  const MappedFile file;
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const ImageMemory live = file.Live();
  const FileBackedMemory memory(process, map, live);
  // Page 0 of the mapping is page 1 of the file.
  CHECK(ReadText(memory, file.At(0), 5) == "file1");
  CHECK(ReadText(memory, file.At(1), 5) == "live1");
  CHECK(ReadText(memory, file.At(2), 5) == "live2");
  CHECK(ReadText(memory, file.At(3), 5) == "file4");
  CHECK(ReadText(memory, file.At(4), 5) == "live4");
}

TEST_CASE("file-backed memory: one read goes through pages of both kinds") {
  const MappedFile file;
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const ImageMemory live = file.Live();
  const FileBackedMemory memory(process, map, live);
  const std::string all =
      ReadText(memory, file.At(0), (kPages + 2) * file.page_bytes());
  REQUIRE(all.size() == (kPages + 2) * file.page_bytes());
  for (const auto& [page, word] :
       std::vector<std::pair<uint64_t, std::string>>{{0, "file1"},
                                                     {1, "live1"},
                                                     {2, "live2"},
                                                     {3, "file4"},
                                                     {4, "live4"},
                                                     {5, "live5"}}) {
    CHECK(all.substr(page * file.page_bytes(), 5) == word);
  }
  CHECK(ReadText(memory, file.At(0, file.page_bytes() - 1), 6) == "|live1");
}

TEST_CASE("file-backed memory: a read that begins right before a file") {
  const MappedFile file;
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const RemoteAddr before{Value(file.At(0)) - file.page_bytes()};
  // Of the file's own addresses nothing is to be read here.
  const ImageMemory live = *ImageMemory::FromSegments(
      {{before, Bytes(std::string(file.page_bytes(), 'o'))}});
  const FileBackedMemory memory(process, map, live);
  const RemoteAddr last{Value(file.At(0)) - 1};
  CHECK(ReadText(memory, last, 6) == "ofile1");
  std::vector<std::byte> alone(1);
  std::vector<std::byte> across(6);
  std::vector<ReadRequest> requests = {{last, alone}, {last, across}};
  REQUIRE(memory.ReadBatch(requests).has_value());
  CHECK(alone == Bytes("o"));
  CHECK(across == Bytes("ofile1"));
}

TEST_CASE("file-backed memory: a batch goes to where each part is") {
  const MappedFile file;
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const ImageMemory live = file.Live();
  const FileBackedMemory memory(process, map, live);
  std::vector<std::vector<std::byte>> buffers(5, std::vector<std::byte>(5));
  std::vector<ReadRequest> requests;
  const RemoteAddr places[] = {file.At(4), file.At(3), file.At(5), file.At(0),
                               RemoteAddr{1}};
  for (size_t i = 0; i < 5; ++i) requests.push_back({places[i], buffers[i]});
  REQUIRE(memory.ReadBatch(requests).has_value());
  const std::string words[] = {"live4", "file4", "live5", "file1"};
  for (size_t i = 0; i < 4; ++i) {
    CHECK(requests[i].complete());
    CHECK(buffers[i] == Bytes(words[i]));
  }
  CHECK(requests[4].got == 0);
}

TEST_CASE("file-backed memory: the process's own, where there is no file") {
  MappedFile file;
  SECTION("another file has that name now") { ++file.mapping().inode; }
  SECTION("the name is gone") { std::filesystem::remove(file.FilePath()); }
  SECTION("it is shorter now") {
    std::filesystem::resize_file(file.FilePath(), 0);
  }
  SECTION("the kernel does not tell which pages are there") {
    std::filesystem::remove(file.proc().root() + "/7/pagemap");
  }
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const ImageMemory live = file.Live();
  const FileBackedMemory memory(process, map, live);
  CHECK(ReadText(memory, file.At(0), 5) == "live0");
  CHECK(ReadText(memory, file.At(3), 5) == "live3");
}

TEST_CASE("file-backed memory: the process's end is an error") {
  const MappedFile file;
  const auto process = file.proc().Open(kPid);
  const MemoryMap map = file.Map();
  const ImageMemory live = file.Live();
  const FaultyMemory gone(live, [](size_t, RemoteAddr, size_t) {
    return Fault{ESRCH, {}};
  });
  const FileBackedMemory memory(process, map, gone);
  CHECK(ReadText(memory, file.At(1), 5) == "error 3");
  CHECK(ReadText(memory, file.At(4), 5) == "error 3");
}

TEST_CASE("mapped file: opened where its name still leads to it") {
  MappedFile file;
  const auto process = file.proc().Open(kPid);
  CHECK(OpenMappedFile(process, file.mapping()));
  file.mapping().name = "/opt";
  file.mapping().inode = file.InodeOf("root/opt");
  CHECK(OpenMappedFile(process, file.mapping()).error().code == ENOENT);
}

TEST_CASE("mapped file: opened whatever its name, where the kernel allows it") {
  MappedFile file;
  const std::string range = [&] {
    const auto hex = [](uint64_t number) {
      return ToString(RemoteAddr{number}).substr(2);
    };
    return hex(file.mapping().start) + "-" + hex(file.mapping().end);
  }();
  file.proc().Write(kPid, "map_files/" + range, "the file itself");
  file.mapping().name = "/opt/library.so (deleted)";
  auto opened = OpenMappedFile(file.proc().Open(kPid), file.mapping());
  REQUIRE(opened.has_value());
  const FileMemory content(*std::move(opened), "map_files");
  CHECK(ReadText(content, RemoteAddr{4}, 100) == "file itself");
}

}  // namespace
}  // namespace leak_exporter
