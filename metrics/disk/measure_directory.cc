#include "metrics/disk/measure_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "metrics/base/accumulate.h"
#include "metrics/base/open_untouched.h"
#include "metrics/base/uninterrupted.h"
#include "metrics/disk/kernel_filesystem.h"
#include "metrics/disk/walk_state.h"
#include "metrics/disk/walk_worker.h"

namespace leak_exporter {
namespace {

// The threads beside the calling one, each with its worker.
class Helpers {
 public:
  explicit Helpers(WalkState& state) : state_(state) {}

  void Start() {
    for (unsigned i = 1; i < state_.options().threads; ++i) {
      WalkWorker& worker = workers_.emplace_back(state_);
      state_.AddWorker();
      try {
        threads_.emplace_back([&worker] { worker.Run(); });
      } catch (const std::system_error&) {
        // No thread to be had: those that run do it alone.
        state_.RemoveWorker();
        return;
      }
    }
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
  }
  const std::deque<WalkWorker>& workers() const { return workers_; }

 private:
  WalkState& state_;
  std::deque<WalkWorker> workers_;
  std::vector<std::thread> threads_;
};

bool Add(const DirectoryUsage& part, DirectoryUsage& sum) {
  sum.entries += part.entries;
  sum.touched = sum.touched || part.touched;
  AddKnown(part.allocated_bytes, sum.allocated_bytes);
  return !__builtin_add_overflow(sum.apparent_bytes, part.apparent_bytes,
                                 &sum.apparent_bytes);
}

tl::unexpected<Error> Failed(int code, const std::string& path) {
  return Failure(code, path + ": " + std::strerror(code));
}

}  // namespace

unsigned DefaultWalkThreads() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
}

Result<DirectoryUsage> MeasureDirectory(const DirectoryToMeasure& directory,
                                        const MeasureOptions& options,
                                        const Deadline& deadline) {
  // First, because it may not be allowed to open one of these.
  const auto kernels_own = IsKernelFilesystem(directory.fd);
  if (!kernels_own) return Failed(kernels_own.error(), directory.path);
  if (*kernels_own) {
    return Failure(EOPNOTSUPP,
                   directory.path + ": on a filesystem of the kernel's own");
  }
  WalkedDirectory top;
  top.name = directory.path;
  UntouchedFile opened =
      OpenUntouched(directory.fd, ".", O_RDONLY | O_DIRECTORY);
  top.fd = std::move(opened.fd);
  struct statx status;
  if (!top.fd.valid() || Uninterrupted([&] {
                           return ::statx(top.fd.get(), "", AT_EMPTY_PATH,
                                          STATX_TYPE | STATX_INO | STATX_BLOCKS,
                                          &status);
                         }) != 0) {
    return Failed(errno, directory.path);
  }

  WalkState state(directory.root, options, deadline, FileId::Of(status).device);
  Helpers helpers(state);
  WalkWorker worker(state, [&helpers] { helpers.Start(); });
  state.AddWorker();
  state.Offer(std::move(top));
  worker.Run();
  helpers.Join();

  if (state.error()) return tl::unexpected<Error>(*state.error());
  DirectoryUsage usage{.allocated_bytes = status.stx_blocks * 512,
                       .touched = opened.may_touch};
  bool fits = Add(worker.usage(), usage);
  for (const WalkWorker& helper : helpers.workers()) {
    fits = Add(helper.usage(), usage) && fits;
  }
  if (!fits) return Failed(EOVERFLOW, directory.path);
  return usage;
}

}  // namespace leak_exporter
