#include "metrics/procfs/proc_fs.h"

#include <limits>

#include "tests/catch.h"

namespace leak_exporter::procfs {
namespace {

TEST_CASE("proc_fs: the kernel's own mount unless another is given") {
  CHECK(ProcFs().root() == "/proc");
  CHECK(ProcFs("/host/proc").root() == "/host/proc");
}

TEST_CASE("proc_fs: paths of files, processes and their files") {
  const ProcFs fs("/host/proc");
  CHECK(fs.Path("self/statm") == "/host/proc/self/statm");
  CHECK(fs.Path(pid_t{7}) == "/host/proc/7");
  CHECK(fs.Path(7, "stat") == "/host/proc/7/stat");
  CHECK(fs.Path(7, "task/8/children") == "/host/proc/7/task/8/children");
  CHECK(fs.Path(7, "") == "/host/proc/7/");
  CHECK(ProcFs("").Path(1, "stat") == "/1/stat");
}

TEST_CASE("proc_fs: every pid has a path, whatever the type holds") {
  const ProcFs fs("/p");
  CHECK(fs.Path(4'194'304, "stat") == "/p/4194304/stat");
  CHECK(fs.Path(std::numeric_limits<pid_t>::max(), "x") == "/p/2147483647/x");
  CHECK(fs.Path(std::numeric_limits<pid_t>::min(), "x") == "/p/-2147483648/x");
}

}  // namespace
}  // namespace leak_exporter::procfs
