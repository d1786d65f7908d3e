"""The life of the .deb on a machine of its own, in the order of the tests:
installed, used in every way the units allow, upgraded, removed, purged.

Runs as root on a Debian that systemd has booted, in place of nobody: it changes
the machine. tests/deploy/packages/nspawn makes one.
"""

import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import time
import unittest
import urllib.error
import urllib.request

UNIT = "leak-exporter.service"
SOCKET = "leak-exporter.socket"
ADDRESS = "http://127.0.0.1:10042"
CONFIGURATION = pathlib.Path("/etc/leak_exporter/leak_exporter.yml")
DROP_INS = pathlib.Path(f"/etc/systemd/system/{UNIT}.d")
# capabilities(7): CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
CAPABILITIES = 1 << 2 | 1 << 19
PATIENCE_SECONDS = 60

APPLICATION = """
import pathlib, subprocess, sys, time
home = pathlib.Path(sys.argv[1])
(home / "cache").mkdir(mode=0o700)
(home / "cache/pack").write_bytes(bytes(123456))
kept = [open(home / f"file{number}", "w") for number in range(20)]
leak = [{"number": number} for number in range(5000)]
child = subprocess.Popen(["true"])
(home / "ready").touch()
time.sleep(3600)
"""


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
        time.sleep(0.05)


def get(path):
    with urllib.request.urlopen(ADDRESS + path, timeout=30) as answer:
        return answer.read().decode()


def is_served():
    try:
        get("/-/ready")
        return True
    except (urllib.error.URLError, ConnectionError):
        return False


class Samples:
    """The samples of a scrape, by name and labels."""

    def __init__(self):
        self.text = get("/metrics")

    def of(self, name, **labels):
        """The values of a name's samples that have the labels."""
        found = []
        for line in self.text.splitlines():
            match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
            if not match:
                continue
            has = dict(re.findall(r'(\w+)="([^"]*)"', match[1] or ""))
            if labels.items() <= has.items():
                found.append(float(match[2]))
        return found


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines())


class MachineTest(unittest.TestCase):
    maxDiff = None

    def check_application(self):
        """All of another user's process is seen, as root sees it."""
        pid = int(shown("application.service", "MainPID"))
        proc = pathlib.Path(f"/proc/{pid}")
        home = pathlib.Path("/srv/application")
        # Directories are measured beside the scrapes.
        until("the disk is measured", lambda: Samples().of(
            "leak_scrape_collector_success", collector="disk_usage"))
        samples = Samples()
        one = dict(target="application")
        self.addCleanup(lambda: self._outcome.success or print(samples.text))
        self.assertEqual(samples.of("leak_scrape_collector_success",
                                    **one).count(0), 0)
        self.assertEqual(samples.of("leak_target_processes", **one), [1])
        self.assertEqual(samples.of("leak_child_processes", state="zombie",
                                    **one), [1])
        maps = (proc / "maps").read_text().splitlines()
        self.assertEqual(samples.of("leak_mappings", scope="main", **one),
                         [len(maps)])
        self.assertEqual(sum(samples.of("leak_open_files", scope="main",
                                        **one)),
                         len(list((proc / "fd").iterdir())))
        self.assertEqual(samples.of("leak_open_files", scope="main",
                                    kind="file", **one)[0] >= 20, True)
        self.assertEqual(samples.of("leak_repository_cache_bytes", **one),
                         [(home / "cache/pack").stat().st_size])
        self.assertEqual([count for count in samples.of(
            "leak_scrape_collector_errors", cause="permission", **one)
            if count], [])

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
        self.assertGreater(Samples().of("leak_child_processes",
                                        target="init", state="sleeping")[0], 1)

    def test_02_another_users_process_is_seen_whole(self):
        run("useradd", "--system", "--home-dir", "/srv/application",
            "--create-home", "application")
        home = pathlib.Path("/srv/application")
        home.chmod(0o700)
        pathlib.Path("/srv/application.py").write_text(APPLICATION)
        run("systemd-run", "--unit=application", "--uid=application",
            "--gid=application", f"--working-directory={home}",
            "--property=PrivateTmp=yes",
            "/usr/bin/python3", "/srv/application.py", str(home))
        until("the application runs", (home / "ready").exists)
        CONFIGURATION.write_text(json.dumps({"targets": [{
            "name": "application",
            "match": {"systemd_unit": "application.service"},
            "repository_caches": [f"{home}/cache"]}]}))
        before = main_pid()
        systemctl("reload", UNIT)
        until("the file is loaded",
              lambda: Samples().of("leak_target_processes") == [1])
        self.assertEqual(main_pid(), before)
        self.check_application()

    def test_03_a_wrong_file_is_refused_on_reload(self):
        right = CONFIGURATION.read_text()
        CONFIGURATION.write_text("targets: 1\n")
        systemctl("reload", UNIT)
        until("the wrong file is refused", lambda: Samples().of(
            "leak_exporter_config_last_reload_successful") == [0])
        self.check_application()
        CONFIGURATION.write_text(right)
        systemctl("reload", UNIT)
        until("the right file is loaded", lambda: Samples().of(
            "leak_exporter_config_last_reload_successful") == [1])

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
        (DROP_INS / "private-network.conf").write_bytes(
            pathlib.Path("/test/private-network.conf").read_bytes())
        systemctl("daemon-reload")
        systemctl("restart", UNIT)
        self.check_application()
        self.assertNotEqual(os.readlink(f"/proc/{main_pid()}/ns/net"),
                            os.readlink("/proc/1/ns/net"))

    def test_07_upgrade_restarts_and_keeps_what_was_changed(self):
        before = main_pid()
        changed = CONFIGURATION.read_bytes()
        run("dpkg", "--install", "/test/new.deb")
        self.assertTrue(run("dpkg-query", "--showformat=${Version}", "--show",
                            "leak-exporter").endswith("+1"))
        self.assertNotEqual(main_pid(), before)
        self.assertEqual(CONFIGURATION.read_bytes(), changed)
        self.assertEqual(systemctl("is-enabled", SOCKET).strip(), "enabled")
        self.check_application()

    def test_08_upgrade_leaves_a_disabled_service_disabled(self):
        systemctl("disable", UNIT)
        run("dpkg", "--install", "/test/new.deb")
        state = subprocess.run(["systemctl", "is-enabled", UNIT],
                               capture_output=True, text=True)
        self.assertEqual(state.stdout.strip(), "disabled")
        systemctl("enable", UNIT)

    def test_09_remove_leaves_configuration_alone(self):
        run("dpkg", "--remove", "leak-exporter")
        self.assertFalse(is_active(UNIT))
        self.assertFalse(is_active(SOCKET))
        self.assertFalse(is_served())
        self.assertFalse(pathlib.Path("/usr/bin/leak_exporter").exists())
        self.assertTrue(CONFIGURATION.exists())
        self.assertTrue(pathlib.Path("/etc/default/leak-exporter").exists())

    def test_10_purge_leaves_nothing_but_the_user(self):
        for path in DROP_INS.iterdir():
            path.unlink()
        DROP_INS.rmdir()
        run("dpkg", "--purge", "leak-exporter")
        left = [str(path) for root in ("/etc", "/lib/systemd", "/usr", "/var")
                for path in pathlib.Path(root).rglob("*leak[-_]exporter*")
                if not str(path).startswith("/var/log/journal")]
        self.assertEqual(left, [])
        pwd.getpwnam("leak-exporter")

    def test_11_and_it_can_come_again(self):
        run("dpkg", "--install", "/test/new.deb")
        self.assertTrue(is_active(UNIT))
        self.assertTrue(is_served())


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2,
                  failfast=True)
