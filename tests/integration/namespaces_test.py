"""Python heaps of processes that live elsewhere: in namespaces of their own, in
another root, under another uid; and the reason where rights are missing."""

import json
import os
import platform
import unittest

import harness
import psutil

NOBODY = 65534
MARKERS = 20000

# Runs "$2 $3 $4" (python, script, number) in the root $1: neither the
# interpreter's path nor the file system it is on exists outside.
IN_OTHER_ROOT = """
mount -t tmpfs none "$1"
mkdir "$1/application" "$1/usr"
mount --bind /usr "$1/usr"
ln -s usr/lib "$1/lib"
ln -s usr/lib64 "$1/lib64"
cp "$2" "$1/application/interpreter"
cp "$3" "$1/application/target.py"
exec env PYTHONHOME=/usr chroot "$1" /application/interpreter \\
  /application/target.py "$4"
"""
UNSHARED = ["unshare", "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc", "--"]


class NamespacesTest(unittest.TestCase):
    def setUp(self):
        harness.require_root()
        self.directory = self.enterContext(harness.temporary_directory())
        self.directory.chmod(0o777)

    def start(self, **place):
        target = self.enterContext(
            harness.Target("python_target.py", MARKERS, **place))
        self.assertEqual(target.facts["markers"], MARKERS)
        return target

    def scrape(self, pid, user=None):
        self.exporter = self.enterContext(
            harness.Exporter([f"--pid={pid}"], self.directory, user))
        return self.exporter.scrape_with("python_heap")

    def profile(self, pid, user=None):
        """The process and its python_heap collector, as one block says."""
        done = harness.run_exporter("profile", "memory", f"--pid={pid}",
                                    "--format=json", user=user)
        self.assertEqual(done.returncode, 0, done.stderr)
        target, = json.loads(done.stdout)["targets"]
        process, = target["processes"]
        heap, = [collector for collector in target["collectors"]
                 if collector["collector"] == "python_heap"]
        return process, heap

    def assert_heap_is_read(self, pid):
        name = f"pid-{pid}"
        samples = self.scrape(pid)
        self.assertEqual(
            samples.get("leak_scrape_collector_success", target=name,
                        collector="python_heap"), 1, self.exporter.log)
        self.assertEqual(
            samples.get("leak_python_objects", target=name,
                        **{"class": "__main__.Marker"}), MARKERS)
        self.assertEqual(
            samples.get("leak_python_info", target=name, pid=str(pid),
                        version=platform.python_version()), 1)
        process, heap = self.profile(pid)
        self.assertEqual((heap["success"], heap["errors"]), (True, []))
        largest = process["memory_profile"]["refs"][0]
        self.assertEqual((largest["number"], largest["type"]),
                         (MARKERS, "<class 'list'>"))

    def test_own_mount_and_pid_namespace(self):
        target = self.start(prefix=UNSHARED)
        self.assertEqual(target.facts["pid"], 1)
        child, = psutil.Process(target.pid).children()
        self.assert_heap_is_read(child.pid)

    def test_other_root_in_own_mount_namespace(self):
        root = self.directory / "root"
        root.mkdir()
        target = self.start(prefix=["unshare", "--mount", "--", "sh", "-ec",
                                    IN_OTHER_ROOT, "sh", root])
        self.assertEqual(os.readlink(f"/proc/{target.pid}/root"), str(root))
        self.assertFalse((root / "application").exists())
        self.assertEqual(target.facts["executable"],
                         "/application/interpreter")
        self.assert_heap_is_read(target.pid)

    def test_other_uid(self):
        target = self.start(user=NOBODY)
        self.assertEqual(psutil.Process(target.pid).uids().real, NOBODY)
        self.assert_heap_is_read(target.pid)

    def test_other_uid_in_own_mount_and_pid_namespace(self):
        target = self.start(prefix=[*UNSHARED, "setpriv", f"--reuid={NOBODY}",
                                    f"--regid={NOBODY}", "--clear-groups"])
        child, = psutil.Process(target.pid).children()
        self.assertEqual(child.uids().real, NOBODY)
        self.assert_heap_is_read(child.pid)

    def test_missing_right_is_named_and_the_rest_goes_on(self):
        target = self.start()
        name = f"pid-{target.pid}"
        samples = self.scrape(target.pid, NOBODY)
        success = samples.by("leak_scrape_collector_success", "collector",
                             target=name)
        self.assertEqual(success["python_heap"], 0)
        self.assertEqual((success["process_tree"], success["memory"]), (1, 1))
        self.assertEqual(
            samples.get("leak_scrape_collector_errors", target=name,
                        collector="python_heap", cause="permission"), 1)
        self.assertEqual(samples.get("leak_target_processes", target=name), 1)
        self.assertIn("leak_resident_memory_bytes", samples.names())
        self.assertEqual([series for series in samples.names()
                          if series.startswith("leak_python_")], [])
        # The log is written by a thread of its own, whole at the end.
        self.exporter.stop()
        reasons = [line for line in self.exporter.log.splitlines()
                   if "collector=python_heap" in line]
        self.assertEqual(len(reasons), 1, self.exporter.log)
        self.assertIn(f"target={name}", reasons[0])
        self.assertIn("CAP_SYS_PTRACE", reasons[0])

        process, heap = self.profile(target.pid, NOBODY)
        self.assertIsNone(process["memory_profile"])
        self.assertFalse(heap["success"])
        error, = heap["errors"]
        self.assertEqual(error["cause"], "permission")
        self.assertIn("CAP_SYS_PTRACE", error["message"])


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
