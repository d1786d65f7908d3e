"""A target whose processes make much of everything at once, as far as the
exporter remembers it: it stays under 64 MB."""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import fault_case  # noqa: E402  (found by the line above)
import harness  # noqa: E402
import hostile_targets_test  # noqa: E402

HOSTILE = os.environ["LEAK_HOSTILE_TARGET"]
MOST_BYTES = 64 << 20
ROUNDS = 4
# (program, kind, count): those that need one get a directory of their own.
CROWD = [
    (HOSTILE, "mappings", 40_000),
    (HOSTILE, "files", 19_000),
    (HOSTILE, "children", 15_000),
    (HOSTILE, "directories", 400),
    (HOSTILE, "hard_links", 380_000),
    (HOSTILE, "sparse_pages", 300_000),
    ("hostile_heap.py", "types", 16_000),
    ("hostile_heap.py", "frozen", 1_000_000),
    ("hostile_heap.py", "attributes", 3_000),
    ("hostile_heap.py", "large", 1_000_000),
]


class HostileEverythingTest(fault_case.FaultCase):
    def test_all_of_it_at_once(self):
        scratch = pathlib.Path(
            tempfile.mkdtemp(prefix="leak_hostile.", dir="/dev/shm"))
        self.addCleanup(subprocess.run, ["rm", "-rf", scratch], check=True)
        pids = []
        for number, (program, kind, count) in enumerate(CROWD):
            directory = scratch / str(number)
            directory.mkdir()
            place = [directory] if program == HOSTILE else []
            target = self.enterContext(
                harness.Target(program, kind, count, *place))
            pids.append(str(target.pid))
        config = harness.write_config(self.directory, f"""
targets:
  - name: hostile
    match: {{pid: [{", ".join(pids)}]}}
""")
        self.start(f"--config.file={config}")
        for _ in range(ROUNDS):
            samples = self.scrape(most=10)
            for path in hostile_targets_test.BLOCKS:
                self.assertEqual(self.exporter.request(path).status, 200)
        self.assertEqual(samples.get("leak_target_processes",
                                     target="hostile"), len(pids))
        self.assertEqual(
            {collector for collector, success in samples.by(
                "leak_scrape_collector_success", "collector",
                target="hostile").items() if not success}, set())
        peak = hostile_targets_test.peak_bytes(self.exporter.process.pid)
        print(f"{self.id()}: {peak / (1 << 20):.1f} MiB", file=sys.stderr)
        self.assertLess(peak, MOST_BYTES)


if __name__ == "__main__":
    fault_case.main()
