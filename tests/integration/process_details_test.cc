/// Collectors that read one process closely, against psutil and pmap.

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "metrics/collectors/mappings.h"
#include "metrics/collectors/open_files.h"
#include "metrics/collectors/proportional_memory.h"
#include "tests/catch.h"
#include "tests/collect.h"
#include "tests/scratch_directory.h"
#include "tests/waiting_process.h"

namespace leak_exporter {
namespace {

constexpr size_t kKilobyte = 1024;
constexpr size_t kThresholdKilobytes = 1000;

struct Facts {
  /// "NAME VALUE", sorted.
  std::vector<std::string> exact;
  double pss = 0;
};

Facts AskOracle(pid_t pid) {
  const std::string command = "/usr/bin/python3 " LEAK_TEST_ORACLE " " +
                              std::to_string(pid) + " " +
                              std::to_string(kThresholdKilobytes);
  const auto close = [](FILE* file) { return ::pclose(file); };
  std::unique_ptr<FILE, decltype(close)> pipe(::popen(command.c_str(), "r"),
                                              close);
  REQUIRE(pipe);
  Facts facts;
  std::array<char, 8192> buffer;
  while (::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
    std::string line(buffer.data());
    line.pop_back();
    if (line.starts_with("pss ")) {
      facts.pss = std::stod(line.substr(4));
    } else {
      facts.exact.push_back(line);
    }
  }
  REQUIRE(::pclose(pipe.release()) == 0);
  std::ranges::sort(facts.exact);
  return facts;
}

std::string Fact(const char* name, uint64_t value) {
  return std::string(name) + " " + std::to_string(value);
}

void AddMappings(const ProcessTree& tree, std::vector<std::string>& facts) {
  MappingsCollector collector(
      {.threshold_bytes = kThresholdKilobytes * kKilobyte});
  const auto run = Collect(collector, procfs::ProcFs(), tree);
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  const ProcessMappings& process = run.snapshot.mappings->processes.at(0);
  for (const auto& [name, bytes] : process.mappings) {
    facts.push_back(Fact("row", bytes / kKilobyte) + " " + name);
  }
  facts.push_back(Fact("total", process.total_bytes / kKilobyte));
  facts.push_back(Fact("mappings", run.snapshot.mappings->count.main.value()));
}

void AddOpenFiles(const ProcessTree& tree, std::vector<std::string>& facts) {
  OpenFilesCollector collector;
  const auto run = Collect(collector, procfs::ProcFs(), tree);
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  const OpenFilesUsage& usage = run.snapshot.open_files->usage.main;
  const auto kinds = usage.by_kind.value();
  facts.push_back(Fact(
      "descriptors", std::accumulate(kinds.begin(), kinds.end(), uint64_t{0})));
  facts.push_back(Fact("limit", usage.limit.value()));
  for (const auto& path : run.snapshot.open_files->processes.at(0).paths) {
    facts.push_back("file " + path);
  }
}

void AddProportionalMemory(const ProcessTree& tree,
                           std::vector<std::string>& facts, double& pss) {
  ProportionalMemoryCollector collector({.smaps = true});
  const auto run = Collect(collector, procfs::ProcFs(), tree);
  REQUIRE(run.success);
  CHECK(run.errors.empty());
  const ProportionalMemory& usage =
      run.snapshot.proportional_memory->usage.main;
  facts.push_back(Fact("uss", usage.unique_bytes.value()));
  pss = static_cast<double>(usage.proportional_bytes.value());
}

Facts Measure(pid_t pid) {
  const ProcessTree tree = TreeOf({SampleOf(procfs::ProcFs(), pid)});
  Facts facts;
  AddMappings(tree, facts.exact);
  AddOpenFiles(tree, facts.exact);
  AddProportionalMemory(tree, facts.exact, facts.pss);
  std::ranges::sort(facts.exact);
  return facts;
}

void* Map(size_t kilobytes, int flags, int fd = -1) {
  void* const address = ::mmap(nullptr, kilobytes * kKilobyte,
                               PROT_READ | PROT_WRITE, flags, fd, 0);
  if (address == MAP_FAILED) ::_exit(1);
  return address;
}

int OpenSized(const std::string& path, size_t kilobytes) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(kilobytes * kKilobyte))) {
    ::_exit(1);
  }
  return fd;
}

/// Mappings of every name pmap knows, around the threshold.
void MapMuch(const std::string& directory) {
  constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  Map(kThresholdKilobytes, kAnonymous);
  // A guard apart, or the kernel would merge the two.
  Map(4, MAP_SHARED | MAP_ANONYMOUS);
  std::memset(Map(2048, kAnonymous), 1, 2048 * kKilobyte);
  Map(4096, MAP_SHARED | MAP_ANONYMOUS);
  Map(1500, MAP_SHARED, OpenSized(directory + "/with  spaces", 1500));
  const std::string deleted = directory + "/deleted";
  Map(1600, MAP_PRIVATE, OpenSized(deleted, 1600));
  ::unlink(deleted.c_str());
  const int memory = ::memfd_create("memory", 0);
  if (::ftruncate(memory, 1700 * kKilobyte) != 0) ::_exit(1);
  Map(1700, MAP_SHARED, memory);
  if (::sbrk(8 << 20) == reinterpret_cast<void*>(-1)) ::_exit(1);
}

void OpenMuch(const std::string& directory) {
  const rlimit limit{321, 1024};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
  ::open((directory + "/b (deleted)").c_str(), O_RDWR | O_CREAT, 0600);
  ::open((directory + "/a").c_str(), O_RDWR | O_CREAT, 0600);
  ::open((directory + "/a").c_str(), O_RDONLY);
  ::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
  ::open("/dev/null", O_RDONLY);
  ::open("/proc/self/status", O_RDONLY);
  ::socket(AF_UNIX, SOCK_STREAM, 0);
}

TEST_CASE("process details: psutil and pmap say the same") {
  const ScratchDirectory directory;
  const WaitingProcess process([&] {
    WaitingProcess::CloseStandardStreams();
    MapMuch(directory.path());
    OpenMuch(directory.path());
  });
  // Pages are shared with whatever else runs, the oracle included: that changes
  // the PSS a little, and only what was the same before and after the oracle
  // was asked can be compared at all.
  constexpr int kAttempts = 20;
  constexpr double kPssMargin = 256 * kKilobyte;
  Facts before = Measure(process.pid());
  for (int attempt = 1;; ++attempt) {
    const Facts oracle = AskOracle(process.pid());
    const Facts after = Measure(process.pid());
    if (before.exact == after.exact || attempt == kAttempts) {
      CHECK(before.exact == oracle.exact);
      CHECK(before.exact == after.exact);
      CHECK(before.pss == Approx(oracle.pss).margin(kPssMargin));
      break;
    }
    before = after;
  }
  // The oracle, too, was asked of something.
  CHECK(std::ranges::count(before.exact, "row 4096 /dev/zero (deleted)") == 1);
  CHECK(std::ranges::count(before.exact, "row 2048 anon") == 1);
}

}  // namespace
}  // namespace leak_exporter
