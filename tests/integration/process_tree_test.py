"""The process tree and its memory, against what psutil and /proc say."""

import os
import pathlib
import re
import time
import unittest

import harness
import psutil

STATES = {psutil.STATUS_SLEEPING: "sleeping", psutil.STATUS_RUNNING: "running",
          psutil.STATUS_DISK_SLEEP: "disk_sleep",
          psutil.STATUS_STOPPED: "stopped", psutil.STATUS_ZOMBIE: "zombie"}


def status_bytes(pid, key):
    """A kB line of /proc/PID/status, or None where it has none."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    match = re.search(rf"^{key}:\s+(\d+) kB$", text, re.M)
    return int(match[1]) * 1024 if match else None


def total(pids, key):
    return sum(status_bytes(pid, key) or 0 for pid in pids)


class ProcessTreeTest(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(harness.temporary_directory())
        self.forest = self.enterContext(
            harness.Target("process_forest.py", directory))
        self.exporter = self.enterContext(
            harness.Exporter([f"--pid={self.forest.pid}"], directory))
        self.target = f"pid-{self.forest.pid}"
        self.psutil = psutil.Process(self.forest.pid)
        self.living = self.forest.facts["children"]
        self.zombies = self.forest.facts["zombies"]

    def test_counts_by_state_equal_psutils(self):
        self.assertEqual((len(self.living), len(self.zombies)), (50, 5))
        expected = dict.fromkeys(STATES.values(), 0)
        for child in self.psutil.children(recursive=True):
            expected[STATES[child.status()]] += 1
        got = self.exporter.scrape().by("leak_child_processes", "state",
                                        target=self.target)
        self.assertEqual(got, expected)
        self.assertEqual(sum(got.values()), 55)

    def test_the_main_process_is_counted_with_its_start(self):
        samples = self.exporter.scrape()
        self.assertEqual(
            samples.get("leak_target_processes", target=self.target), 1)
        started = samples.get("leak_target_start_time_seconds",
                              target=self.target, pid=str(self.forest.pid))
        # psutil knows the boot time to a second only.
        self.assertAlmostEqual(started, self.psutil.create_time(), delta=1.1)

    def test_ages_are_those_of_the_oldest(self):
        def age(pid):
            return time.time() - psutil.Process(pid).create_time()

        samples = self.exporter.scrape()
        oldest = samples.get("leak_child_oldest_age_seconds",
                             target=self.target)
        self.assertAlmostEqual(oldest, max(map(age, self.living)), delta=2)
        oldest = samples.get("leak_zombie_oldest_age_seconds",
                             target=self.target)
        self.assertAlmostEqual(oldest, max(map(age, self.zombies)), delta=2)

    def test_the_top_lists_zombies_first_and_counts_the_rest(self):
        samples = self.exporter.scrape()
        listed = samples.by("leak_child_age_seconds", "pid",
                            target=self.target)
        self.assertEqual(len(listed), 20)
        self.assertTrue({str(pid) for pid in self.zombies} <= set(listed))
        self.assertEqual(
            samples.get("leak_series_dropped", target=self.target,
                        family="leak_child_age_seconds"), 35)
        unreaped = samples.by("leak_zombie_unreaped_seconds", "pid",
                              target=self.target)
        self.assertEqual(set(unreaped), {str(pid) for pid in self.zombies})

    def test_reaped_zombies_and_new_children_show_in_the_next_scrape(self):
        reaped = self.forest.tell("reap")
        self.assertEqual(len(reaped), 2)
        born = self.forest.tell("fork")["children"]
        self.assertEqual(len(born), 1)
        states = self.exporter.scrape().by("leak_child_processes", "state",
                                           target=self.target)
        self.assertEqual(states["zombie"], 3)
        self.assertEqual(sum(states.values()), 54)

    def test_unreaped_time_grows_from_the_first_sight(self):
        first = self.exporter.scrape()
        second = self.exporter.scrape()
        for pid in map(str, self.zombies):
            earlier, later = (
                samples.get("leak_zombie_unreaped_seconds",
                            target=self.target, pid=pid)
                for samples in (first, second))
            self.assertGreaterEqual(earlier, 0)
            self.assertGreater(later, earlier)

    def test_memory_equals_the_kernels_own_sums(self):
        samples = self.exporter.scrape()
        for scope, pids in (("main", [self.forest.pid]),
                            ("children", self.living)):
            for metric, key in (("leak_resident_memory_bytes", "VmRSS"),
                                ("leak_anonymous_memory_bytes", "RssAnon"),
                                ("leak_file_memory_bytes", "RssFile"),
                                ("leak_shared_memory_bytes", "RssShmem"),
                                ("leak_swap_bytes", "VmSwap")):
                with self.subTest(metric=metric, scope=scope):
                    self.assertEqual(
                        samples.get(metric, target=self.target, scope=scope),
                        total(pids, key))
        self.assertEqual(
            samples.get("leak_resident_memory_peak_bytes",
                        target=self.target),
            status_bytes(self.forest.pid, "VmHWM"))

    def test_threads_equal_psutils(self):
        samples = self.exporter.scrape()
        self.assertEqual(samples.get("leak_threads", target=self.target,
                                     scope="main"),
                         self.psutil.num_threads())
        self.assertEqual(
            samples.get("leak_threads", target=self.target, scope="children"),
            sum(child.num_threads()
                for child in self.psutil.children(recursive=True)))

    def test_open_files_and_mappings_equal_psutils(self):
        samples = self.exporter.scrape()
        kinds = samples.by("leak_open_files", "kind", target=self.target,
                           scope="main")
        self.assertEqual(sum(kinds.values()), self.psutil.num_fds())
        kinds = samples.by("leak_open_files", "kind", target=self.target,
                           scope="children")
        self.assertEqual(sum(kinds.values()),
                         sum(psutil.Process(pid).num_fds()
                             for pid in self.living))
        self.assertEqual(
            samples.get("leak_open_files_limit", target=self.target,
                        scope="main"),
            self.psutil.rlimit(psutil.RLIMIT_NOFILE)[0])
        for scope, pids in (("main", [self.forest.pid]),
                            ("children", self.living)):
            counts = [len(pathlib.Path(f"/proc/{pid}/maps").read_text()
                          .splitlines()) for pid in pids]
            self.assertEqual(samples.get("leak_mappings", target=self.target,
                                         scope=scope), max(counts))
        limit = int(pathlib.Path("/proc/sys/vm/max_map_count").read_text())
        self.assertEqual(set(samples.by("leak_mappings_limit", "scope",
                                        target=self.target).values()),
                         {limit})

    def test_the_text_form_has_the_same_values(self):
        stable = ("leak_child_processes", "leak_threads",
                  "leak_resident_memory_bytes", "leak_mappings")
        text, openmetrics = (self.exporter.scrape_text(),
                             self.exporter.scrape())
        for name in stable:
            self.assertEqual(text.all(name), openmetrics.all(name), name)

    def test_one_collector_and_one_target_on_request(self):
        samples = self.exporter.scrape("/metrics?collect[]=memory&target="
                                       + self.target)
        self.assertIn("leak_resident_memory_bytes", samples.names())
        self.assertNotIn("leak_child_processes", samples.names())
        for query in ("collect[]=nonsense", "target=nobody"):
            response = self.exporter.request("/metrics?" + query)
            self.assertEqual(response.status, 400, query)
            self.assertIn(query.split("=")[1], response.text)


class VanishedTargetTest(unittest.TestCase):
    def test_a_target_that_ends_stays_visible_as_zero(self):
        directory = self.enterContext(harness.temporary_directory())
        with harness.Target("process_forest.py", directory) as forest:
            exporter = self.enterContext(
                harness.Exporter([f"--pid={forest.pid}"], directory))
            target = f"pid-{forest.pid}"
            self.assertEqual(exporter.scrape().get(
                "leak_target_processes", target=target), 1)
        samples = exporter.scrape()
        self.assertEqual(samples.get("leak_target_processes", target=target),
                         0)
        leftover = {name for name, labels in samples.values
                    if dict(labels).get("target") == target
                    and not name.startswith("leak_scrape_")}
        self.assertEqual(leftover, {"leak_target_processes"})


class HostileNameTest(unittest.TestCase):
    def test_a_comm_of_any_bytes_is_served_repaired(self):
        directory = self.enterContext(harness.temporary_directory())
        target = self.enterContext(harness.Target("hostile_child.py"))
        exporter = self.enterContext(
            harness.Exporter([f"--pid={target.pid}"], directory))
        for samples in (exporter.scrape(), exporter.scrape_text()):
            comms = samples.by("leak_child_age_seconds", "comm",
                               target=f"pid-{target.pid}")
            self.assertEqual(set(comms), {") S 1 \ufffd\n\"\\"})


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
