#include <optional>
#include <utility>

#include "metrics/render/prometheus/target_sink.h"
#include "tests/catch.h"
#include "tests/metrics/render/prometheus/samples.h"

namespace leak_exporter::render {
namespace {

Snapshot Disk(DiskUsageSnapshot disk) {
  return OnePart(&TargetSnapshot::disk_usage, std::move(disk));
}

TEST_CASE("disk families: a repository cache counts once a directory") {
  DiskUsageSnapshot disk;
  disk.repository_caches = {
      // The same directory through two main processes.
      {"/shared", 1, true, 5, 100, {{10, 4096, 1}}, ""},
      {"/shared", 2, true, 5, 100, {{10, 4096, 1}}, ""},
      // Different directories under two roots.
      {"/rooted", 1, true, 5, 200, {{10, 4096, 1}}, ""},
      {"/rooted", 2, true, 6, 200, {{30, 8192, 2}}, ""},
      // One of two cannot be read: a part is not shown as the whole.
      {"/half", 1, true, 5, 300, {{10, 4096, 1}}, ""},
      {"/half", 2, true, 6, 300, std::nullopt, "denied"},
      {"/unseen", 1, true, 5, 400, {{10, 4096, 1}}, ""},
      {"/unseen", 2, false, 0, 0, std::nullopt, "denied"},
      // It exists for one of two only.
      {"/once", 1, true, 5, 500, {{7, 512, 1}}, ""},
      {"/once", 2, false, 0, 0, std::nullopt, ""},
      // What is allocated is known for one of two only.
      {"/links", 1, true, 5, 600, {{1, 512, 1}}, ""},
      {"/links", 2, true, 6, 600, {{2, std::nullopt, 1}}, ""},
      {"/none", 1, false, 0, 0, std::nullopt, ""},
      // Another name of the first directory.
      {"/alias", 1, true, 5, 100, {{10, 4096, 1}}, ""},
  };
  const Snapshot snapshot = Disk(disk);
  CHECK(SamplesOf(snapshot, "leak_repository_cache_bytes") ==
        Lines{"{target=t,path=/shared} 10", "{target=t,path=/rooted} 40",
              "{target=t,path=/once} 7", "{target=t,path=/links} 3",
              "{target=t,path=/alias} 10"});
  CHECK(SamplesOf(snapshot, "leak_repository_cache_allocated_bytes") ==
        Lines{"{target=t,path=/shared} 4096", "{target=t,path=/rooted} 12288",
              "{target=t,path=/once} 512", "{target=t,path=/alias} 4096"});
  CHECK(SamplesOf(snapshot, "leak_repository_cache_files")[1] ==
        "{target=t,path=/rooted} 3");
}

TEST_CASE("disk families: the fullest filesystem of a cache counts") {
  DiskUsageSnapshot disk;
  disk.repository_caches = {
      {"/a", 1, true, 5, 1, std::nullopt, "denied", 7000},
      {"/a", 2, true, 6, 1, {{1, 512, 1}}, "", 6000},
      {"/b", 1, true, 5, 2, {{1, 512, 1}}, "", 8000},
      {"/c", 1, false, 0, 0, std::nullopt, ""},
  };
  disk.temporary_filesystem_available_bytes = 5000;
  const Snapshot snapshot = Disk(disk);
  CHECK(
      SamplesOf(snapshot, "leak_repository_cache_filesystem_available_bytes") ==
      Lines{"{target=t,path=/a} 6000", "{target=t,path=/b} 8000"});
  CHECK(SamplesOf(snapshot,
                  "leak_temporary_directory_filesystem_available_bytes") ==
        Lines{"{target=t} 5000"});
}

TEST_CASE("disk families: descriptors by kind, with their limit") {
  OpenFilesSnapshot files;
  files.usage.main = {{{1, 2, 3, 4, 5, 6, 7, 8}}, 1024, 4096, 0.25};
  const Snapshot snapshot = OnePart(&TargetSnapshot::open_files, files);
  CHECK(SamplesOf(snapshot, "leak_open_files") ==
        Lines{"{target=t,scope=main,kind=file} 1",
              "{target=t,scope=main,kind=deleted_file} 2",
              "{target=t,scope=main,kind=directory} 3",
              "{target=t,scope=main,kind=socket} 4",
              "{target=t,scope=main,kind=pipe} 5",
              "{target=t,scope=main,kind=device} 6",
              "{target=t,scope=main,kind=anon_inode} 7",
              "{target=t,scope=main,kind=other} 8"});
  CHECK(SamplesOf(snapshot, "leak_open_files_limit") ==
        Lines{"{target=t,scope=main} 1024"});
  CHECK(SamplesOf(snapshot, "leak_open_files_limit_ratio") ==
        Lines{"{target=t,scope=main} 0.25"});
  CHECK(SamplesOf(snapshot, "leak_deleted_file_bytes") ==
        Lines{"{target=t,scope=main} 4096"});
}

TEST_CASE("disk families: temporary directories past the top are together") {
  DiskUsageSnapshot disk;
  disk.temporary_directories = {
      {9, 1, "/tmp/a", {{50, 0, 0}}, ""},
      {0, 1, "/tmp/b", {{40, 0, 0}}, ""},
      {0, 2, "/tmp/b", {{30, 0, 0}}, ""},
      {8, 1, "/tmp/c", {{20, 0, 0}}, ""},
      {7, 1, "/tmp/d", {{10, 0, 0}}, ""},
      {6, 1, "/tmp/e", std::nullopt, "denied"},
  };
  config::CollectorsConfig tops;
  tops.disk_usage.top = 3;
  const auto families = BuildFamilies(LimitAtOnce(Disk(disk), tops));
  CHECK(SamplesOf(families, "leak_temporary_directory_bytes") ==
        Lines{"{target=t,pid=9,path=/tmp/a} 50",
              "{target=t,pid=,path=/tmp/b} 70",
              "{target=t,pid=,path=(other)} 30"});
  CHECK(SamplesOf(families, "leak_temporary_directories") ==
        Lines{"{target=t} 4"});
  CHECK(SamplesOf(families, "leak_series_dropped") ==
        Lines{"{target=t,family=leak_temporary_directory_bytes} 2"});
}

TEST_CASE("disk families: unknown working directories are not none") {
  DiskUsageSnapshot disk;
  disk.working_directories_known = false;
  CHECK(SamplesOf(Disk(disk), "leak_temporary_directories").empty());
  disk.working_directories_known = true;
  CHECK(SamplesOf(Disk(disk), "leak_temporary_directories") ==
        Lines{"{target=t} 0"});
}

}  // namespace
}  // namespace leak_exporter::render
