#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/base/result.h"
#include "metrics/procfs/process_handle.h"

namespace leak_exporter::procfs {

/// Parses the whole text of /proc/PID/cgroup (cgroups(7)), lines of
/// "ID:CONTROLLERS:PATH", into the distinct paths of the process: that of the
/// unified hierarchy (version 2) first, then systemd's own of version 1
/// (name=systemd), then the others. Touches no file. A path that the kernel
/// marks as deleted comes without the mark. From inside a cgroup namespace
/// paths may begin with "/..".
Result<std::vector<std::string>> ParseCgroup(std::string_view text);

/// Reads and parses /proc/PID/cgroup.
Result<std::vector<std::string>> ReadCgroup(const ProcessHandle& process,
                                            std::string& buffer);

/// Whether a cgroup path lies in a systemd unit: one of its components is the
/// unit's name, as systemd writes it (with '_' before a name that would clash
/// with the kernel's). A process of a user's service lies in that one and in
/// user@UID.service. A name without a suffix means a service, as for systemctl.
bool InSystemdUnit(std::string_view cgroup_path, std::string_view unit);

/// The ids of the containers that a cgroup path lies in, outermost first, as
/// Docker, Podman, containerd and CRI-O name their cgroups, managed by systemd
/// ("docker-ID.scope", "cri-containerd-ID.scope") or not ("/docker/ID").
/// The views are of the path.
std::vector<std::string_view> ContainerIds(std::string_view cgroup_path);

/// The uid of the Kubernetes pod that a cgroup path lies in, with the dashes
/// that systemd's names lack; empty outside of one. kubelet names a pod's
/// cgroup "pod<uid>", or "kubepods[-CLASS]-pod<uid>.slice" where systemd
/// manages it.
std::string PodUid(std::string_view cgroup_path);

}  // namespace leak_exporter::procfs
