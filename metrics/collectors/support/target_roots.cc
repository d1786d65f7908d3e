#include "metrics/collectors/support/target_roots.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "metrics/procfs/mountinfo.h"

namespace leak_exporter {
namespace {

constexpr size_t kMaxKept = 64;

std::optional<std::string> NameOf(const procfs::ProcessHandle& process) {
  auto name = process.ReadLink("ns/mnt");
  const auto root = process.ReadLink("root");
  if (!name || !root) return std::nullopt;
  return *name + *root;
}

}  // namespace

void TargetRoots::Keep(const procfs::ProcessHandle& process) {
  if (kept_.size() == kMaxKept) return;
  auto root = Find(process);
  kept_.push_back({process.id(), NameOf(process), std::move(root)});
}

Result<TargetRoots::Root> TargetRoots::Find(
    const procfs::ProcessHandle& process) const {
  const auto same = std::ranges::find(kept_, process.id(), &Kept::process);
  if (same != kept_.end()) return same->root;
  if (const auto name = NameOf(process)) {
    const auto shared = std::ranges::find(kept_, name, &Kept::name);
    if (shared != kept_.end()) return shared->root;
  }
  return Open(process);
}

Result<TargetRoots::Root> TargetRoots::Open(
    const procfs::ProcessHandle& process) const {
  if (procfs::SharesRoot(fs_, process, deadline_)) {
    return std::make_shared<const FileRoot>(FileRoot::Own());
  }
  auto directory = process.OpenAt("root", O_PATH | O_DIRECTORY);
  if (!directory) {
    Error error = directory.error();
    if (IsPermission(error)) error.message += " (CAP_SYS_PTRACE is needed)";
    return tl::unexpected<Error>(std::move(error));
  }
  return std::make_shared<const FileRoot>(FileRoot::Of(*std::move(directory)));
}

Result<std::string> ReadSeenPath(const procfs::ProcessHandle& process,
                                 const char* link) {
  auto path = process.ReadLink(link);
  if (!path) return path;
  auto root = process.ReadLink("root");
  if (!root && !IsGone(root.error())) return root;
  if (!root || *root == "/") return path;
  // The kernel shows a process that was given another root with chroot(2) by
  // this program's paths.
  if (*path == *root) return std::string("/");
  if (path->starts_with(*root + "/")) path->erase(0, root->size());
  return path;
}

}  // namespace leak_exporter
