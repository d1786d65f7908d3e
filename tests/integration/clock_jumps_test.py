"""The clocks jump under a running exporter. Ages and intervals stay right, for
they are not the wall clock's; times that leave the program follow it."""

import mmap
import os
import re
import struct
import time

import fault_case
import harness
import psutil

SHIM = os.environ["LEAK_SHIFTED_CLOCK_LIBRARY"]
HOUR, DAY = 3600, 24 * 3600
TICKS = os.sysconf("SC_CLK_TCK")
# How exact the comparison of two clocks, read one after another, can be.
SLACK = 1.5


class Clocks:
    """What the preloaded library adds to the clocks: a page of shared memory."""

    def __init__(self, path):
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.wall = self.boot = 0

    def shift(self, wall=0, boot=0):
        self.wall, self.boot = wall, boot
        struct.pack_into("<qq", self.page, 0, wall * 10**9, boot * 10**9)

    def wall_time(self):
        return time.time() + self.wall

    def since_boot(self):
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self.boot

    def age(self, pid):
        return self.since_boot() - harness.start_ticks(pid) / TICKS


class ClockJumpsTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.directory))
        self.forest.await_input()
        self.clocks = Clocks(self.directory / "clocks")
        config = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {self.forest.pid}}}
    repository_caches: [{self.directory}/work0]
collectors:
  disk_usage: {{min_interval: 100 ms}}
  python_heap: {{min_interval: 100 ms, cpu_share: 1}}
debugging:
  pid_profile: {{interval: 1 second}}
""")
        # The sanitizers want to come first, but need not.
        options = os.environ.get("ASAN_OPTIONS", "")
        self.start(f"--config.file={config}", environment={
            "LD_PRELOAD": SHIM,
            "LEAK_SHIFTED_CLOCK": str(self.directory / "clocks"),
            "ASAN_OPTIONS": options + ":verify_asan_link_order=0"})
        self.exporter.scrape_with("python_heap", "disk_usage")
        # Heaps are read in turn.
        samples = self.scrape_until(fault_case.all_heaps_are_read,
                                    "heaps are unread")
        self.still = fault_case.still_values(samples, "app")
        self.started = samples.get("process_start_time_seconds")
        self.assert_near(samples.get("leak_target_start_time_seconds",
                                     target="app"),
                         psutil.Process(self.forest.pid).create_time(),
                         "start of the target")

    def assert_near(self, value, expected, what):
        self.assertIsNotNone(value, what)
        self.assertAlmostEqual(value, expected, delta=SLACK, msg=what)

    def assert_ages(self, samples):
        living, zombies = (self.forest.facts[kind]
                           for kind in ("children", "zombies"))
        for name, pids in (("leak_child_oldest_age_seconds", living),
                           ("leak_zombie_oldest_age_seconds", zombies)):
            self.assert_near(samples.get(name, target="app"),
                             max(map(self.clocks.age, pids)), name)

    def assert_times(self, samples):
        """Times of measurements are the wall clock's, as it is set now."""
        self.assert_near(
            samples.get("leak_scrape_collector_timestamp_seconds",
                        target="app", collector="process_tree"),
            self.clocks.wall_time(), "timestamp")

    def assert_still(self, samples):
        """Start times among the rest: they are those of the first sight."""
        self.assertEqual(fault_case.still_values(samples, "app"), self.still)
        self.assertEqual(samples.get("process_start_time_seconds"),
                         self.started)

    def assert_measured_again(self, collector):
        """A collector with an interval of its own runs after the jump."""
        now = self.clocks.wall_time()
        self.scrape_until(
            lambda samples: abs(samples.get(
                "leak_scrape_collector_timestamp_seconds", target="app",
                collector=collector) - now) < HOUR / 2,
            f"{collector} does not run any more")

    def blocks(self):
        return re.findall(r"### DEBUG: BEGIN PID PROFILE ###\n(.*?)"
                          r"### DEBUG: END PID PROFILE ###",
                          self.exporter.output, re.S)

    def assert_blocks_go_on(self):
        """Two blocks more: one may have been measured before the jump."""
        before = len(self.blocks())
        deadline = time.monotonic() + harness.WAIT_SECONDS
        while len(self.blocks()) < before + 2:
            self.assertLess(time.monotonic(), deadline, "no block any more")
            self.scrape()
        ages = list(map(int, re.search(
            r"spawned ([\d, ]+) seconds? ago", self.blocks()[-1])[1].split(", ")))
        living, zombies = (self.forest.facts[kind]
                           for kind in ("children", "zombies"))
        oldest = max(map(self.clocks.age, living + zombies))
        self.assertAlmostEqual(max(ages), oldest, delta=3)

    def assert_all_is_right(self):
        samples = self.scrape()
        self.assert_ages(samples)
        self.assert_times(samples)
        self.assert_still(samples)
        for collector in ("python_heap", "disk_usage"):
            self.assert_measured_again(collector)
        self.assert_blocks_go_on()

    def test_the_wall_clock_is_set(self):
        now = int(time.time())
        unreaped = 0
        for wall in (DAY, -DAY, 10 * HOUR - now, 4_102_444_800 - now, 0):
            with self.subTest(wall=wall):
                self.clocks.shift(wall=wall)
                self.assert_all_is_right()
                longest = max(self.scrape().by(
                    "leak_zombie_unreaped_seconds", "pid",
                    target="app").values())
                self.assertGreater(longest, unreaped)
                self.assertLess(longest, HOUR)
                unreaped = longest
        self.assert_ends_in_time()

    def test_the_machine_slept(self):
        self.clocks.shift(wall=8 * HOUR, boot=8 * HOUR)
        self.assert_all_is_right()
        samples = self.scrape()
        for age in samples.by("leak_zombie_unreaped_seconds", "pid",
                              target="app").values():
            self.assertGreater(age, 8 * HOUR - SLACK)
        self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
