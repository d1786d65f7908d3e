#include "metrics/render/debug/block_collectors.h"

#include <vector>

#include "tests/catch.h"

namespace leak_exporter::render {
namespace {

using Collectors = std::vector<CollectorId>;

TEST_CASE("block collectors: a block is made from these") {
  const auto of = [](DebugBlock block) {
    return CollectorsOf(std::vector{block});
  };
  CHECK(of(DebugBlock::kMemory) == Collectors{CollectorId::kPythonHeap});
  CHECK(of(DebugBlock::kPid) == Collectors{CollectorId::kProcessTree});
  CHECK(of(DebugBlock::kDisk) ==
        Collectors{CollectorId::kOpenFiles, CollectorId::kDiskUsage});
  CHECK(of(DebugBlock::kMapping) == Collectors{CollectorId::kMappings});
}

TEST_CASE("block collectors: several blocks have the collectors of each") {
  CHECK(CollectorsOf({}).empty());
  CHECK(CollectorsOf(kDebugBlocks) ==
        Collectors{CollectorId::kProcessTree, CollectorId::kMappings,
                   CollectorId::kOpenFiles, CollectorId::kDiskUsage,
                   CollectorId::kPythonHeap});
}

}  // namespace
}  // namespace leak_exporter::render
