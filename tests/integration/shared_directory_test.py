"""A directory that several targets name, and a process works in, hangs: it keeps
one thread of the exporter, however often a target is renamed, and no other
directory loses its size."""

import os
import pathlib
import subprocess

import fault_case
import fuse_directory
import harness

RELOADS = 20
CACHE = "leak_repository_cache_bytes"
# How long it takes until a directory is taken to hang, and some more.
PATIENCE_SECONDS = 10 + harness.WAIT_SECONDS


class SharedDirectoryTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        harness.require_root()
        self.hung = self.directory / "hung"
        self.good = self.directory / "good"
        for directory in (self.hung, self.good):
            directory.mkdir()
        (self.good / "file").write_bytes(b"x" * 1234)
        self.fuse = self.enterContext(
            fuse_directory.FuseDirectory(self.hung, {"file": 99}))
        self.main = self.enterContext(
            harness.Target("python_target.py", 1, cwd="/"))
        # It goes there by itself: Python would hold up the server's thread.
        worker = subprocess.Popen(
            ["sh", "-c", 'cd "$0" && exec sleep 600', self.hung])
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)

    def configure(self, number):
        caches = f"[{self.hung}, {self.good}]"
        return harness.write_config(self.directory, f"""
targets:
  - name: app{number}
    match: {{pid: {self.main.pid}}}
    repository_caches: {caches}
  - name: other
    match: {{pid: {os.getpid()}}}
    repository_caches: {caches}
collectors:
  process_tree: {{top: {number + 1}}}
  disk_usage: {{min_interval: 100ms}}
  python_heap: {{enabled: false}}
""")

    def size(self, samples, target, directory):
        return samples.get(CACHE, target=target, path=str(directory))

    def is_measured(self, samples, target):
        """Whether there is a result, without what hangs."""
        return (self.size(samples, target, self.good) is not None and
                "timeout" in fault_case.errors(samples, target, "disk_usage"))

    def hanging_threads(self):
        """How many threads wait for the filesystem's server."""
        tasks = pathlib.Path(f"/proc/{self.exporter.process.pid}/task")
        return sum("request_wait_answer" in (task / "wchan").read_text()
                   for task in tasks.iterdir())

    def test_it_keeps_one_thread_and_no_value(self):
        self.start(f"--config.file={self.configure(0)}")
        # Whatever fails, the exporter is not kept from ending.
        self.addCleanup(self.fuse.answer)
        for target in ("app0", "other"):
            samples = self.scrape_until(
                lambda samples, name=target:
                self.size(samples, name, self.hung) is not None, "no size")
            self.assertEqual(self.size(samples, target, self.hung), 99)
        self.fuse.hang()
        for number in range(1, RELOADS + 1):
            self.configure(number)
            response = self.exporter.request("/-/reload", method="POST")
            self.assertEqual(response.status, 200, response.text)
            for target in (f"app{number}", "other"):
                samples = self.scrape_until(
                    lambda samples, name=target:
                    self.is_measured(samples, name), "never counted",
                    PATIENCE_SECONDS)
                self.assertIsNone(self.size(samples, target, self.hung))
                self.assertEqual(self.size(samples, target, self.good), 1234)
        self.assertEqual(self.hanging_threads(), 1)
        self.fuse.answer()
        for target in (f"app{RELOADS}", "other"):
            self.scrape_until(
                lambda samples, name=target:
                self.size(samples, name, self.hung) == 99, "not handed over")
        self.assertEqual(self.hanging_threads(), 0)
        self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
