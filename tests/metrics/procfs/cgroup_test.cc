#include "metrics/procfs/cgroup.h"

#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter::procfs {
namespace {

using Paths = std::vector<std::string>;

const std::string kId =
    "4f2a9c01d3e5b6a7988877665544332211ffeeddccbbaa998877665544332211";
const std::string kInnerId =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST_CASE("cgroup: distinct paths, unified first, then systemd's") {
  struct Case {
    std::string text;
    Paths paths;
  };
  for (const Case& expected : {
           Case{"", {}},
           Case{"0::/\n", {"/"}},
           Case{"0::/system.slice/a.service\n", {"/system.slice/a.service"}},
           Case{"12:memory:/docker/x\n1:name=systemd:/docker/y\n0::/z\n",
                {"/z", "/docker/y", "/docker/x"}},
           Case{"3:cpu,cpuacct:/a\n2:memory:/a\n1:name=systemd:/a\n", {"/a"}},
           Case{"0::/a:b:c\n", {"/a:b:c"}},
           Case{"0::/../../podB.slice/c.scope\n",
                {"/../../podB.slice/c.scope"}},
           Case{"0::/a.service (deleted)\n", {"/a.service"}},
       }) {
    const auto paths = ParseCgroup(expected.text);
    REQUIRE(paths);
    CHECK(*paths == expected.paths);
  }
}

TEST_CASE("cgroup: malformed lines are errors") {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const Case& bad : {
           Case{"0::/a\n0::", "2: bad cgroup '0::'"},
           Case{"0::/a", "1: bad cgroup '0::/a'"},
           Case{"\n", "1: bad cgroup ''"},
           Case{"0:\n", "1: bad cgroup '0:'"},
           Case{"/a\n", "1: bad cgroup '/a'"},
           Case{"0::a\n", "1: bad cgroup '0::a'"},
       }) {
    const auto paths = ParseCgroup(bad.text);
    REQUIRE_FALSE(paths);
    CHECK(paths.error().message == bad.message);
  }
}

TEST_CASE("cgroup: an error names the file") {
  const FakeProc proc;
  proc.Write(7, "cgroup", "nonsense\n");
  std::string buffer;
  CHECK(ReadCgroup(proc.Open(7), buffer).error().message ==
        proc.root() + "/7/cgroup:1: bad cgroup 'nonsense'");
}

TEST_CASE("cgroup: a systemd unit is a component of the path") {
  struct Case {
    std::string path;
    std::string unit;
    bool inside;
  };
  const std::string user =
      "/user.slice/user-1000.slice/user@1000.service/app.slice/b.service";
  for (const Case& expected : {
           Case{"/system.slice/a.service", "a.service", true},
           Case{"/system.slice/a.service", "a", true},
           Case{"/system.slice/a.service", "a.servic", false},
           Case{"/system.slice/a.service", "b.service", false},
           Case{"/system.slice/a.service", "system.slice", true},
           Case{"/system.slice/a.service/payload", "a.service", true},
           Case{"/system.slice/x-a.service", "a.service", false},
           Case{user, "b.service", true},
           Case{user, "user@1000.service", true},
           Case{"/user.slice/user-0.slice/session-3.scope", "session-3.scope",
                true},
           Case{"/system.slice/__odd.service", "_odd.service", true},
           Case{"/", "a.service", false},
           Case{"", "a.service", false},
           Case{"/../a.service", "a.service", true},
       }) {
    CAPTURE(expected.path, expected.unit);
    CHECK(InSystemdUnit(expected.path, expected.unit) == expected.inside);
  }
}

TEST_CASE("cgroup: the pod's uid, as kubelet writes it") {
  struct Case {
    std::string path;
    std::string uid;
  };
  const std::string uid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
  const std::string hash = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
  const std::string slice = "pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice";
  for (const Case& expected : {
           Case{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" +
                    slice + "/cri-containerd-" + kId + ".scope",
                uid},
           Case{"/kubepods.slice/kubepods-" + slice, uid},
           Case{"/kubepods/besteffort/pod" + uid + "/" + kId, uid},
           Case{"/kubepods/burstable/pod" + hash + "/" + kId, hash},
           Case{"/../../kubepods-besteffort-" + slice + "/ctr2.scope", uid},
           Case{"/system.slice/podman.service", ""},
           Case{"/machine.slice/libpod-" + kId + ".scope", ""},
           Case{"/kubepods.slice", ""},
           Case{"/", ""},
       }) {
    CAPTURE(expected.path);
    CHECK(PodUid(expected.path) == expected.uid);
  }
}

TEST_CASE("cgroup: container ids, as the runtimes write them") {
  struct Case {
    std::string path;
    std::vector<std::string> ids;
  };
  const std::string pod =
      "kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice";
  for (const Case& expected : {
           Case{"/system.slice/docker-" + kId + ".scope", {kId}},
           Case{"/docker/" + kId, {kId}},
           Case{"/docker/" + kId + "/init", {kId}},
           Case{"/machine.slice/libpod-" + kId + ".scope/container", {kId}},
           Case{"/machine.slice/libpod-payload-" + kId, {kId}},
           Case{"/libpod_parent/libpod-" + kId, {kId}},
           Case{"/machine.slice/libpod-conmon-" + kId + ".scope", {}},
           Case{"/kubepods.slice/kubepods-burstable.slice/" + pod +
                    "/cri-containerd-" + kId + ".scope",
                {kId}},
           Case{"/kubepods.slice/" + pod + "/crio-" + kId + ".scope", {kId}},
           Case{"/kubepods.slice/" + pod + "/crio-conmon-" + kId + ".scope",
                {}},
           Case{"/kubepods/besteffort/pod0f1e2d3c-4b5a-6978/" + kId, {kId}},
           Case{"/system.slice/containerd.service/" + pod +
                    ":cri-containerd:" + kId,
                {kId}},
           Case{"/docker/" + kId + "/kubelet/kubepods/podx/" + kInnerId,
                {kId, kInnerId}},
           Case{"/../../" + pod + "/cri-containerd-" + kId + ".scope", {kId}},
           Case{"/docker/" + kId.substr(1), {}},
           Case{"/docker/" + kId + "0", {}},
           Case{"/system.slice/docker-4f2a9c01d3e5.scope", {"4f2a9c01d3e5"}},
           Case{"/system.slice/docker-volume.scope", {}},
           Case{"/system.slice/docker.service", {}},
           Case{"/", {}},
           Case{"", {}},
           Case{"//..///", {}},
       }) {
    const auto views = ContainerIds(expected.path);
    CAPTURE(expected.path);
    CHECK(std::vector<std::string>(views.begin(), views.end()) == expected.ids);
  }
}

}  // namespace
}  // namespace leak_exporter::procfs
