"""The life of the .deb on a machine of its own, in the order of the tests:
installed, used in every way the units allow, upgraded, removed, purged.

Runs as root on a Debian that systemd has booted, in place of nobody: it changes
the machine. tests/deploy/packages/nspawn makes one.
"""

import json
import os
import pathlib
import pwd
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from prometheus_client.parser import (
    text_string_to_metric_families as parse_text)

import harness
import watched_application

UNIT = "leak-exporter.service"
SOCKET = "leak-exporter.socket"
ADDRESS = "http://127.0.0.1:10042"
CONFIGURATION = pathlib.Path("/etc/leak_exporter/leak_exporter.yml")
DROP_INS = pathlib.Path(f"/etc/systemd/system/{UNIT}.d")
# capabilities(7): CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
CAPABILITIES = 1 << 2 | 1 << 19
PATIENCE_SECONDS = 60
DIRECTORY = "/tmp/application"


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}:\n{done.stdout}"
                             f"{done.stderr}")
    return done.stdout


def systemctl(*arguments):
    return run("systemctl", *arguments)


def shown(unit, name):
    return systemctl("show", "--value", "--property", name, unit).strip()


def is_active(unit):
    return shown(unit, "ActiveState") == "active"


def main_pid():
    return int(shown(UNIT, "MainPID"))


def until(what, holds):
    """Waits for what must come to hold, and says what did not."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")


def get(path):
    with urllib.request.urlopen(ADDRESS + path, timeout=30) as answer:
        return answer.read().decode()


def is_served():
    try:
        get("/-/ready")
        return True
    except (urllib.error.URLError, ConnectionError):
        return False


def samples():
    return harness.Samples(parse_text(get("/metrics")))


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines())


class MachineTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.application = subprocess.Popen(
            ["systemd-run", "--quiet", "--pipe", "--unit=application",
             "--uid=application", "--gid=application",
             "--property=PrivateTmp=yes", "/usr/bin/python3",
             "/test/watched_application.py", DIRECTORY],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.application_pid = json.loads(
            cls.application.stdout.readline())["pid"]

    @classmethod
    def tearDownClass(cls):
        cls.application.communicate(timeout=PATIENCE_SECONDS)

    def check_application(self):
        """All of another user's process is seen, in a /tmp of its own."""
        watched_application.check(
            self, watched_application.complete(samples, "application"),
            "application", self.application_pid, DIRECTORY)

    def install(self, drop_in):
        (DROP_INS / drop_in).write_bytes(
            pathlib.Path("/test", drop_in).read_bytes())
        systemctl("daemon-reload")
        systemctl("restart", UNIT)

    def test_01_install_starts_the_service(self):
        run("dpkg", "--install", "/test/old.deb")
        self.assertTrue(is_active(UNIT))
        self.assertEqual(systemctl("is-enabled", UNIT).strip(), "enabled")
        self.assertFalse(is_active(SOCKET))
        self.assertTrue(is_served())
        status = status_of(main_pid())
        user = pwd.getpwnam("leak-exporter")
        self.assertEqual(status["Uid"].split(), [str(user.pw_uid)] * 4)
        self.assertEqual(status["Gid"].split(), [str(user.pw_gid)] * 4)
        self.assertEqual(user.pw_dir, "/nonexistent")
        for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh"):
            self.assertEqual(int(status[kind], 16), CAPABILITIES, kind)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        # Type=notify: active only because the exporter said so.
        self.assertEqual(shown(UNIT, "Type"), "notify")
        self.assertGreater(samples().get(
            "leak_child_processes", target="init", state="sleeping"), 1)

    def test_02_another_users_process_is_seen_whole(self):
        CONFIGURATION.write_text(watched_application.configuration(
            "application", {"systemd_unit": "application.service"}, DIRECTORY))
        before = main_pid()
        systemctl("reload", UNIT)
        until("the file is loaded",
              lambda: samples().get(
            "leak_target_processes", target="application") == 1)
        self.assertEqual(main_pid(), before)
        self.check_application()

    def test_03_a_wrong_file_is_refused_on_reload(self):
        right = CONFIGURATION.read_text()
        CONFIGURATION.write_text("targets: 1\n")
        with self.assertRaises(AssertionError):
            systemctl("reload", UNIT)
        self.assertIn("leak_exporter.yml:1:10: targets", run(
            "journalctl", "--unit", UNIT, "--since", "-1min"))
        self.assertEqual(samples().get(
            "leak_exporter_config_last_reload_successful"), 1)
        self.check_application()
        CONFIGURATION.write_text(right)
        systemctl("reload", UNIT)
        until("the right file is loaded", lambda: samples().get(
            "leak_exporter_config_last_reload_successful") == 1)

    def test_04_the_watchdog_restarts_what_hangs(self):
        DROP_INS.mkdir(parents=True)
        drop_in = DROP_INS / "watchdog.conf"
        drop_in.write_text("[Service]\nWatchdogSec=2s\nRestartSec=100ms\n")
        systemctl("daemon-reload")
        systemctl("restart", UNIT)
        before = main_pid()
        # Alive it is left alone: the timer begins again with each message.
        begun = int(shown(UNIT, "WatchdogTimestampMonotonic"))
        until("the exporter tells that it lives, for longer than the watchdog",
              lambda: int(shown(UNIT, "WatchdogTimestampMonotonic"))
              > begun + 4_000_000)
        self.assertEqual(main_pid(), before)
        os.kill(before, signal.SIGSTOP)
        until("it is restarted", lambda: int(shown(UNIT, "NRestarts")) >= 1
              and is_active(UNIT))
        self.assertNotEqual(main_pid(), before)
        self.assertIn("Watchdog timeout", run(
            "journalctl", "--unit", UNIT, "--output=cat", "--no-pager"))
        drop_in.unlink()
        systemctl("daemon-reload")
        systemctl("restart", UNIT)

    def test_05_the_socket_starts_the_service(self):
        systemctl("stop", UNIT)
        systemctl("enable", "--now", SOCKET)
        self.assertFalse(is_active(UNIT))
        self.check_application()
        self.assertTrue(is_active(UNIT))
        # The socket stays while the service restarts, and is taken up again.
        systemctl("restart", UNIT)
        self.check_application()

    def test_06_with_the_socket_no_network_is_needed(self):
        self.install("private-network.conf")
        self.check_application()
        self.assertNotEqual(os.readlink(f"/proc/{main_pid()}/ns/net"),
                            os.readlink("/proc/1/ns/net"))

    def test_07_a_target_is_frozen_where_the_drop_in_lets_it(self):
        once = CONFIGURATION.read_text()
        CONFIGURATION.write_text(watched_application.configuration(
            "application", {"systemd_unit": "application.service"}, DIRECTORY,
            {"python_heap": {"freeze": True}}))
        systemctl("restart", UNIT)
        until("freezing is refused, and nothing else", lambda: samples().by(
            "leak_scrape_collector_success", "collector").get("python_heap")
            == 0)
        self.install("freeze.conf")
        self.check_application()
        CONFIGURATION.write_text(once)
        systemctl("reload", UNIT)

    def test_08_upgrade_restarts_and_keeps_what_was_changed(self):
        before = main_pid()
        changed = CONFIGURATION.read_bytes()
        run("dpkg", "--install", "/test/new.deb")
        self.assertTrue(run("dpkg-query", "--showformat=${Version}", "--show",
                            "leak-exporter").endswith("+1"))
        self.assertNotEqual(main_pid(), before)
        self.assertEqual(CONFIGURATION.read_bytes(), changed)
        self.assertEqual(systemctl("is-enabled", SOCKET).strip(), "enabled")
        self.check_application()

    def test_09_upgrade_leaves_a_disabled_service_disabled(self):
        systemctl("disable", UNIT)
        run("dpkg", "--install", "/test/new.deb")
        state = subprocess.run(["systemctl", "is-enabled", UNIT],
                               capture_output=True, text=True)
        self.assertEqual(state.stdout.strip(), "disabled")
        systemctl("enable", UNIT)

    def test_10_remove_leaves_configuration_alone(self):
        run("dpkg", "--remove", "leak-exporter")
        self.assertFalse(is_active(UNIT))
        self.assertFalse(is_active(SOCKET))
        self.assertFalse(is_served())
        self.assertFalse(pathlib.Path("/usr/bin/leak_exporter").exists())
        self.assertTrue(CONFIGURATION.exists())
        self.assertTrue(pathlib.Path("/etc/default/leak-exporter").exists())

    def test_11_purge_leaves_nothing_but_the_user(self):
        for path in DROP_INS.iterdir():
            path.unlink()
        DROP_INS.rmdir()
        run("dpkg", "--purge", "leak-exporter")
        left = [str(path) for root in ("/etc", "/lib/systemd", "/usr", "/var")
                for path in pathlib.Path(root).rglob("*leak[-_]exporter*")
                if not str(path).startswith("/var/log/journal")]
        self.assertEqual(left, [])
        pwd.getpwnam("leak-exporter")

    def test_12_and_it_can_come_again(self):
        run("dpkg", "--install", "/test/new.deb")
        self.assertTrue(is_active(UNIT))
        self.assertTrue(is_served())


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2,
                  failfast=True)
