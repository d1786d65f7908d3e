"""The image leak_exporter, run as compose.yml says, sees all of another user's
process on the host.

usage: container_test.py PODMAN [argument of podman ...]
"""

import os
import pathlib
import subprocess
import sys
import unittest

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[3] / "deploy"
TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "integration"), str(TESTS / "deploy")]

import harness  # noqa: E402
import watched_application  # noqa: E402

PODMAN = sys.argv[1:]
NOBODY = 65534
# capabilities(7): CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
CAPABILITIES = 1 << 2 | 1 << 19
# Where compose.yml mounts the configuration.
CONFIGURATION = "/etc/leak_exporter/leak_exporter.yml"


def podman(*arguments):
    done = subprocess.run([*PODMAN, *arguments], capture_output=True,
                          text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"podman {arguments}: {done.stderr}")
    return done.stdout.strip()


def rights():
    """What compose.yml gives the service, as podman's flags."""
    compose = yaml.safe_load((DEPLOY / "docker/compose.yml").read_text())
    service = compose["services"]["leak-exporter"]
    flags = [f"--pid={service['pid']}", f"--user={service['user']}"]
    flags += [f"--cap-drop={name}" for name in service["cap_drop"]]
    flags += [f"--cap-add={name}" for name in service["cap_add"]]
    flags += [f"--security-opt={option}"
              for option in service["security_opt"]
              if not option.startswith("apparmor")]
    if service["read_only"]:
        flags.append("--read-only")
    (volume,) = service["volumes"]
    assert volume.split(":")[1:] == [CONFIGURATION, "ro"], volume
    return flags


class ContainerTest(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(harness.temporary_directory())
        directory.chmod(0o777)
        self.home = directory / "application"
        self.application = self.enterContext(harness.Target(
            TESTS / "deploy/watched_application.py", self.home, user=NOBODY))
        self.sockets = directory / "sockets"
        self.sockets.mkdir()
        configuration = harness.write_config(
            directory, watched_application.configuration(
                "application", {"pid": self.application.pid}, self.home))
        self.container = podman(
            "run", "--detach", "--network=none", "--ulimit=nofile=1024:1024",
            "--ulimit=nproc=4096:4096", *rights(),
            f"--volume={configuration}:{CONFIGURATION}:ro",
            f"--volume={self.sockets}:/sockets", "leak_exporter",
            f"--config.file={CONFIGURATION}",
            "--web.listen-address=unix:/sockets/exporter.sock")
        self.addCleanup(podman, "rm", "--force", "--time=0", self.container)
        self.exporter_pid = int(podman("inspect", self.container,
                                       "--format={{.State.Pid}}"))

    def scrape(self):
        connection = harness.UnixConnection(str(self.sockets /
                                                "exporter.sock"))
        try:
            connection.request("GET", "/metrics")
            return harness.Samples(harness.parse_text(
                connection.getresponse().read().decode()))
        finally:
            connection.close()

    def wait_until_it_listens(self):
        logged = ""
        with subprocess.Popen(
                ["timeout", str(harness.WAIT_SECONDS), *PODMAN, "logs",
                 "--follow", self.container], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True) as log:
            for line in log.stdout:
                logged += line
                if "msg=listening" in line:
                    log.terminate()
                    return
        self.fail(f"it never listened: {logged}")

    def test_another_users_process_is_seen_whole(self):
        self.wait_until_it_listens()
        samples = watched_application.complete(self.scrape, "application")
        watched_application.check(self, samples, "application",
                                  self.application.pid, self.home)
        self.check_rights()

    def check_rights(self):
        proc = pathlib.Path(f"/proc/{self.exporter_pid}")
        status = dict(line.split(":\t", 1) for line in
                      (proc / "status").read_text().splitlines())
        self.assertEqual(status["Name"], "leak_exporter")
        self.assertEqual(status["Uid"].split(), ["0"] * 4)
        for kind in ("CapEff", "CapPrm", "CapBnd"):
            self.assertEqual(int(status[kind], 16), CAPABILITIES, kind)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        (root,) = [line for line in
                   (proc / "mountinfo").read_text().splitlines()
                   if line.split()[4] == "/"]
        self.assertIn("ro", root.split()[5].split(","))


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
