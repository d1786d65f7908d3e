"""What the packages bring, as far as it can be told without making them."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))
import harness  # noqa: E402  (found by the line above)

DEPLOY = ROOT / "deploy"
EXPORTER = harness.EXPORTER
# Tenths: the most exposure that `systemd-analyze security` may find.
MOST_EXPOSURE = 25
# The configurations of exporters whose port others than their host can reach.
IN_CONTAINERS = ("docker/leak_exporter.yml", "kubernetes/base/leak_exporter.yml",
                 "kubernetes/overlays/sidecar/leak_exporter.yml")


def output_of(*command):
    """What a command that must succeed says."""
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    said = run.stdout + run.stderr
    if run.returncode != 0:
        raise AssertionError(f"{command}: {run.returncode}: {said}")
    return said


class UnitsTest(unittest.TestCase):
    """The units, with the program where it was built."""

    def setUp(self):
        self.units = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory()))
        shutil.copy(DEPLOY / "systemd/leak-exporter.socket", self.units)
        text = (DEPLOY / "systemd/leak-exporter.service").read_text()
        self.assertEqual(text.count("ExecStart=/usr/bin/leak_exporter "), 1)
        self.service = self.units / "leak-exporter.service"
        self.service.write_text(text.replace("/usr/bin/leak_exporter",
                                             EXPORTER))

    def verify(self):
        said = output_of("systemd-analyze", "verify", "--man=no",
                         str(self.service),
                         str(self.units / "leak-exporter.socket"))
        self.assertNotIn(str(self.units), said)

    def exposure(self):
        output_of("systemd-analyze", "security", "--offline=true",
                  f"--threshold={MOST_EXPOSURE}", str(self.service))

    def test_service_and_socket(self):
        self.verify()
        self.exposure()

    def test_with_the_drop_ins(self):
        shutil.copytree(DEPLOY / "systemd/leak-exporter.service.d",
                        self.units / "leak-exporter.service.d")
        self.verify()
        self.exposure()


class SocketActivationTest(unittest.TestCase):
    def test_sockets_handed_over_take_the_default_addresss_place(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        path = pathlib.Path(directory) / "activated.sock"
        activate = self.enterContext(subprocess.Popen(
            ["systemd-socket-activate", f"--listen={path}", EXPORTER,
             harness.UNNEEDED_CALLS, f"--pid={os.getpid()}"], stderr=subprocess.PIPE, text=True))
        self.addCleanup(activate.terminate)
        self.assertIn("Listening on", activate.stderr.readline())
        connection = harness.UnixConnection(str(path))
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertIn(f'leak_target_processes{{target="pid-{os.getpid()}"}} 1',
                      answer.read().decode())


class MaintainerScriptsTest(unittest.TestCase):
    def test_they_parse(self):
        for name in ("postinst", "prerm", "postrm"):
            output_of("sh", "-n", str(DEPLOY / "packaging/debian" / name))


class ComposeTest(unittest.TestCase):
    def test_prometheus_finds_its_rules_where_they_are_mounted(self):
        compose = yaml.safe_load((DEPLOY / "docker/compose.yml").read_text())
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for volume in compose["services"]["prometheus"]["volumes"]:
            source, target = volume.split(":")[:2]
            if source.startswith("."):
                (root / target[1:]).parent.mkdir(parents=True, exist_ok=True)
                (root / target[1:]).symlink_to(DEPLOY / "docker" / source)
        said = output_of("promtool", "check", "config",
                         str(root / "etc/prometheus/prometheus.yml"))
        self.assertIn("2 rule files found", said)


class ConfigurationTest(unittest.TestCase):
    def test_what_is_installed_is_right(self):
        for name in ("packaging/leak_exporter.yml", *IN_CONTAINERS):
            output_of(EXPORTER, "check-config", str(DEPLOY / name))

    def test_containers_show_no_values(self):
        chart = yaml.safe_load(
            (DEPLOY / "helm/leak-exporter/values.yaml").read_text())
        for config in (chart["config"], *(
                yaml.safe_load((DEPLOY / name).read_text())
                for name in IN_CONTAINERS)):
            self.assertIs(
                config["collectors"]["python_heap"]["values"], False)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
