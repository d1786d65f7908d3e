"""A cache directory on a filesystem that does not answer, and one whose server
is gone: no scrape, no reload and no end waits for it."""

import time

import fault_case
import fuse_directory
import harness
import psutil

FILES = {f"file{number}": 1000 * number for number in range(1, 21)}
BYTES = sum(FILES.values())
CACHE = "leak_repository_cache_bytes"
BLOCK = "### DEBUG: END PID PROFILE ###"


class HungDirectoryTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        harness.require_root()
        self.target = self.enterContext(
            harness.Target("python_target.py", 1000))
        self.cache = self.directory / "cache"
        self.cache.mkdir()
        self.fuse = self.mount()
        self.write_config(top=20)

    def mount(self):
        return self.enterContext(
            fuse_directory.FuseDirectory(self.cache, FILES))

    def write_config(self, top):
        return harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {self.target.pid}}}
    repository_caches: [{self.cache}]
    temporary_directories: {{children_working_directories: false}}
collectors:
  process_tree: {{top: {top}}}
  disk_usage: {{min_interval: 100 ms}}
debugging:
  pid_profile: {{interval: 1 second}}
  disk_profile: {{interval: 1 second}}
""")

    def start_exporter(self):
        self.start(f"--config.file={self.directory / 'leak_exporter.yml'}",
                   "--web.listen-address=127.0.0.1:0")
        # Whatever fails, the exporter is not kept from ending.
        self.addCleanup(lambda: self.fuse.answer())

    def cache_bytes(self, samples):
        return samples.get(CACHE, target="app", path=str(self.cache))

    def assert_others_are_right(self, samples):
        self.assertEqual(samples.get("leak_target_processes", target="app"), 1)
        self.assertEqual(
            samples.get("leak_threads", target="app", scope="main"), 1)
        failed = {collector for collector, success in samples.by(
            "leak_scrape_collector_success", "collector",
            target="app").items() if not success}
        self.assertLessEqual(failed, {"disk_usage"})

    def measured(self, samples):
        return samples.get("leak_scrape_collector_timestamp_seconds",
                           target="app", collector="disk_usage")

    def is_counted(self, samples):
        return samples.get("leak_scrape_collector_success", target="app",
                           collector="disk_usage") == 0

    def recover(self):
        samples = self.scrape_until(
            lambda samples: self.cache_bytes(samples) == BYTES
            and not self.is_counted(samples), "no size again")
        self.assertEqual(samples.get("leak_repository_cache_files",
                                     target="app"), len(FILES))
        self.assertEqual(fault_case.errors(samples, "app", "disk_usage"), {})

    def test_hung_from_the_start(self):
        self.fuse.hang()
        self.start_exporter()
        self.assertTrue(self.fuse.withheld_any.wait(harness.WAIT_SECONDS))
        samples = self.scrape_until(self.is_counted, "never counted")
        self.assertIsNone(self.cache_bytes(samples))
        self.assertEqual(set(fault_case.errors(samples, "app", "disk_usage")),
                         {"timeout"})
        self.assert_others_are_right(samples)
        self.assertEqual(self.exporter.request("/-/healthy").status, 200)
        self.fuse.answer()
        self.recover()
        self.assert_ends_in_time()

    def test_hung_later_with_reloads(self):
        self.start_exporter()
        self.recover()
        self.fuse.hang()
        self.assertTrue(self.fuse.withheld_any.wait(harness.WAIT_SECONDS))
        # A walk may show no sign of life for ten seconds before it counts as
        # hung: until then the last size is served, with its own time.
        measured = self.measured(self.scrape())
        blocks = self.exporter.output.count(BLOCK)
        samples = self.scrape_until(
            lambda _: self.exporter.output.count(BLOCK) > blocks + 2,
            "the blocks of children wait for the directory", 10)
        self.assertEqual(self.cache_bytes(samples), BYTES)
        self.assertEqual(self.measured(samples), measured)
        self.assertEqual(
            samples.get("leak_exporter_debug_blocks_dropped_total"), 0)
        process = psutil.Process(self.exporter.process.pid)
        threads, files = process.num_threads(), process.num_fds()
        for number in range(10):
            self.write_config(top=5 + number)
            began = time.monotonic()
            response = self.exporter.request("/-/reload", "POST")
            self.assertEqual(response.status, 200, response.text)
            self.assertLess(time.monotonic() - began, 1)
            self.assert_others_are_right(self.scrape())
        self.assertLessEqual(process.num_threads(), threads + 3)
        self.assertLessEqual(process.num_fds(), files + 10)
        self.fuse.answer()
        self.recover()
        self.assert_ends_in_time()

    def test_its_server_killed(self):
        self.start_exporter()
        self.recover()
        self.fuse.hang()
        self.assertTrue(self.fuse.withheld_any.wait(harness.WAIT_SECONDS))
        self.fuse.kill()
        # The mount point is an empty directory again: that is its size.
        samples = self.scrape_until(
            lambda samples: self.cache_bytes(samples) == 0, "no size")
        self.assert_others_are_right(samples)
        self.fuse = self.mount()
        response = self.exporter.request("/-/reload", "POST")
        self.assertEqual(response.status, 200, response.text)
        self.recover()
        self.assert_ends_in_time()

    def test_its_end_while_it_hangs(self):
        self.start_exporter()
        port = self.exporter.tcp_port()
        self.fuse.hang()
        self.scrape()
        self.assertTrue(self.fuse.withheld_any.wait(harness.WAIT_SECONDS))
        began = time.monotonic()
        self.exporter.process.terminate()
        self.exporter.await_notification(b"STOPPING=1")
        while harness.is_listening(port):
            self.assertLess(time.monotonic() - began, fault_case.END_SECONDS)
        self.assertLess(time.monotonic() - began, fault_case.END_SECONDS)
        # The thread that waits for the filesystem is the kernel's to end.
        self.fuse.answer()
        self.exporter.process.wait(timeout=harness.WAIT_SECONDS)
        self.assertEqual(self.exporter.process.returncode, 0)


if __name__ == "__main__":
    fault_case.main()
