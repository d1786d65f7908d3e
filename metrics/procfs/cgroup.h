#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the whole text of /proc/PID/cgroup (cgroups(7)), whose lines are
/// "ID:CONTROLLERS:PATH", and returns the distinct paths. The path in the
/// unified hierarchy (version 2) comes first, then the path in systemd's own
/// hierarchy of version 1 (name=systemd), then the others. Touches no file. A
/// path that the kernel marks as deleted is returned without the mark. Seen
/// from inside a cgroup namespace, a path may begin with "/..".
Result<std::vector<std::string>> ParseCgroup(std::string_view text);

/// Reads and parses /proc/PID/cgroup; see ReadFileAt for `buffer`.
Result<std::vector<std::string>> ReadCgroup(const ProcessHandle& process,
                                            std::string& buffer);

/// Whether a cgroup path lies in a systemd unit. It does where one of its
/// components is the unit's name as systemd writes it, that is with '_' before
/// a name that would clash with one of the kernel's. A process of a user's
/// service lies in two units: in that service and in user@UID.service. A name
/// without a suffix means a service, as it does for systemctl.
bool InSystemdUnit(std::string_view cgroup_path, std::string_view unit);

/// The ids of the containers that a cgroup path lies in, outermost first. Knows
/// the cgroups of Docker, Podman, containerd and CRI-O, where systemd manages
/// them ("docker-ID.scope", "cri-containerd-ID.scope") and where it does not
/// ("/docker/ID"). What is returned are views of the path.
std::vector<std::string_view> ContainerIds(std::string_view cgroup_path);

/// The uid of the Kubernetes pod that a cgroup path lies in, or an empty text
/// where it lies in none. kubelet names a pod's cgroup "pod<uid>", or
/// "kubepods[-CLASS]-pod<uid>.slice" where systemd manages it. The uid is
/// returned with its dashes, which systemd's names lack.
std::string PodUid(std::string_view cgroup_path);

}  // namespace leak_exporter::procfs
