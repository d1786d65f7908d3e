"""Targets that make as much of one thing as they can, with names as long as can
be: whatever a client asks of the exporter, it stays under 64 MB, answers, and
says of each number that it does not know why."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import fault_case
import harness

HOSTILE = os.environ["LEAK_HOSTILE_TARGET"]
MOST_BYTES = 64_000_000
# Long enough for a loaded machine: what is asserted is memory, and no wrong
# number.
SCRAPE_SECONDS = 10.0
BLOCKS = [f"/debug/{block}{format}" for block in
          ("memory", "pid", "disk", "mapping")
          for format in ("", "?format=json")]
BACKGROUND = ("disk_usage", "python_heap")
LARGE_MAPPING_BYTES = 2 << 20


def peak_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024


def is_sanitized(pid):
    """Whether the program needs more memory for itself than for its work."""
    return "san.so" in pathlib.Path(f"/proc/{pid}/maps").read_text()


class HostileTargetsTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        # In memory: none of it is to be written anywhere.
        self.scratch = tempfile.mkdtemp(prefix="leak_hostile.", dir="/dev/shm")
        # Python has no rmtree for directories that are nested so deep.
        self.addCleanup(subprocess.run, ["rm", "-rf", self.scratch],
                        check=True)

    def watch(self, *command, config=""):
        """Starts a target, and the exporter in its default configuration."""
        target = self.enterContext(harness.Target(*command))
        path = harness.write_config(self.directory, f"""
targets:
  - name: hostile
    match: {{pid: {target.pid}}}
{config}""")
        self.start(f"--config.file={path}")
        return target

    def ask_for_everything(self):
        """The samples of a scrape, once all else was asked for, too."""
        deadline = time.monotonic() + 2 * harness.WAIT_SECONDS
        while True:
            samples = self.scrape(most=SCRAPE_SECONDS)
            ended = samples.by("leak_scrape_collector_success", "collector",
                               target="hostile")
            if set(BACKGROUND) <= set(ended):
                break
            self.assertLess(time.monotonic(), deadline, self.exporter.log)
        for path in [*BLOCKS, "/"]:
            self.assertEqual(self.exporter.request(path).status, 200)
        samples = self.scrape(most=SCRAPE_SECONDS)
        pid = self.exporter.process.pid
        peak = peak_bytes(pid)
        print(f"{self.id()}: {peak / 1e6:.1f} MB", file=sys.stderr)
        if not is_sanitized(pid):
            self.assertLess(peak, MOST_BYTES)
        return samples

    def value(self, samples, name, **labels):
        return samples.get(name, target="hostile", **labels)

    def causes(self, samples, collector):
        return set(fault_case.errors(samples, "hostile", collector))

    def test_mappings(self):
        count = 20_000
        self.watch(HOSTILE, "mappings", count, self.scratch)
        samples = self.ask_for_everything()
        self.assertGreater(
            self.value(samples, "leak_mappings", scope="main"), count)
        listed = samples.by("leak_mapping_bytes", "mapping", target="hostile")
        self.assertGreaterEqual(sum(listed.values()),
                                count * LARGE_MAPPING_BYTES)
        self.assertEqual(self.causes(samples, "mappings"), {"limit"})

    def test_open_files(self):
        count = 15_000
        self.watch(HOSTILE, "files", count, self.scratch)
        samples = self.ask_for_everything()
        self.assertEqual(
            self.value(samples, "leak_open_files", scope="main", kind="file"),
            count)
        self.assertEqual(self.causes(samples, "open_files"), {"limit"})

    def test_children(self):
        count = 5000
        self.watch(HOSTILE, "children", count)
        states = self.ask_for_everything().by(
            "leak_child_processes", "state", target="hostile")
        self.assertEqual(sum(states.values()), count)

    def test_zombies(self):
        count = 10_000
        self.watch(HOSTILE, "zombies", count)
        self.assertEqual(
            self.value(self.ask_for_everything(), "leak_child_processes",
                       state="zombie"), count)

    def test_more_children_than_are_remembered(self):
        self.watch(HOSTILE, "zombies", 21_000)
        samples = self.ask_for_everything()
        self.assertEqual(samples.by("leak_child_processes", "state",
                                    target="hostile"), {})
        self.assertEqual(self.value(samples, "leak_target_processes"), 1)
        self.assertEqual(self.causes(samples, "targets"), {"limit"})
        self.assertEqual(self.causes(samples, "process_tree"), {"limit"})
        # The main process is as well known as ever.
        self.assertEqual(self.value(samples, "leak_threads", scope="main"), 1)

    def test_working_directories(self):
        self.watch(HOSTILE, "directories", 2000, self.scratch)
        samples = self.ask_for_everything()
        self.assertIsNone(self.value(samples, "leak_temporary_directories"))
        self.assertEqual(self.causes(samples, "disk_usage"), {"limit"})

    def test_hard_links(self):
        count = 100_000
        self.watch(HOSTILE, "hard_links", count, self.scratch)
        samples = self.ask_for_everything()
        self.assertEqual(self.value(samples, "leak_temporary_directories"), 1)
        self.assertEqual(
            self.value(samples, "leak_temporary_directory_bytes",
                       path=self.scratch,
                       pid=str(self.child_of(samples))), 2 * count)

    def child_of(self, samples):
        return int(samples.labels("leak_child_age_seconds")[0]["pid"])

    def test_nested_directories(self):
        self.watch(HOSTILE, "nested", 3000, self.scratch)
        samples = self.ask_for_everything()
        self.assertEqual(self.value(samples, "leak_temporary_directories"), 1)
        self.assertEqual(self.causes(samples, "disk_usage"), set())

    def test_mounts(self):
        harness.require_root()
        self.watch(HOSTILE, "mounts", 3000, self.scratch, config=f"""
    repository_caches: [{self.scratch}]
""")
        samples = self.ask_for_everything()
        # Its own, seen through its own mounts.
        self.assertIsNotNone(
            self.value(samples, "leak_repository_cache_files",
                       path=self.scratch))

    def test_scattered_memory(self):
        self.watch(HOSTILE, "sparse_pages", 300_000)
        self.ask_for_everything()

    def heap(self, kind, count):
        self.watch("hostile_heap.py", kind, count)
        return self.ask_for_everything()

    def test_types_with_long_names(self):
        count = 16_000
        samples = self.heap("types", count)
        self.assertGreater(sum(samples.by(
            "leak_python_objects", "class", target="hostile").values()), count)
        self.assertEqual(self.causes(samples, "python_heap"), set())

    def test_more_types_than_are_remembered(self):
        samples = self.heap("few_names", 20_000)
        self.assertEqual(self.value(samples, "leak_python_walk_complete"), 0)
        self.assertEqual(self.causes(samples, "python_heap"), {"limit"})

    def test_types_with_many_attributes(self):
        count = 3000
        self.assertEqual(
            self.value(self.heap("attributes", count), "leak_python_objects",
                       **{"class": "__main__.Same"}), count)

    def test_frozen_objects(self):
        count = 1_000_000
        self.assertGreater(self.value(self.heap("frozen", count),
                                      "leak_python_permanent_objects"), count)

    def test_more_frozen_objects_than_are_remembered(self):
        samples = self.heap("frozen", 1_100_000)
        self.assertIsNone(
            self.value(samples, "leak_python_permanent_objects"))
        self.assertEqual(self.causes(samples, "python_heap"), {"limit"})

    def test_large_objects(self):
        self.heap("large", 1_000_000)

    def test_nested_objects(self):
        self.heap("nested", 20_000)


if __name__ == "__main__":
    fault_case.main()
