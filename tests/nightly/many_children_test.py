"""A target with 20,000 children: each is counted, and a scrape stays cheap."""

import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("integration", "benchmarks"):
    sys.path.insert(0, str(HERE.parent / folder))

import cpu_clock  # noqa: E402  (found by the lines above)
import fault_case  # noqa: E402
import harness  # noqa: E402

MANY_CHILDREN = os.environ["LEAK_MANY_CHILDREN"]
CHILDREN = 20_000
# In CPU time, which others' load changes little. The first scrape opens and
# reads each child; later ones read again only what has run since.
FIRST_CPU_SECONDS = 5.0
CPU_SECONDS = 1.0
# Beside others it takes longer, but answers before Prometheus gives up.
SCRAPE_SECONDS = 10.0


def children_of(pid):
    """All of them, as the kernel lists them."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return [child for task in tasks
            for child in (task / "children").read_text().split()]


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.M)[1]) * 1024


class ManyChildrenTest(fault_case.FaultCase):
    most_cpu = 0.0

    def scrape_within(self, seconds):
        """A scrape that costs at most so much CPU time."""
        pid = self.exporter.process.pid
        before = cpu_clock.seconds(pid)
        samples = self.scrape(most=SCRAPE_SECONDS)
        took = cpu_clock.seconds(pid) - before
        self.most_cpu = max(self.most_cpu, took)
        self.assertLess(took, seconds)
        return samples

    def test_each_is_counted(self):
        with harness.Target(MANY_CHILDREN, CHILDREN) as target:
            name = f"pid-{target.pid}"
            children = children_of(target.pid)
            self.assertEqual(len(children), CHILDREN)
            self.start(f"--pid={target.pid}")
            self.scrape_within(FIRST_CPU_SECONDS)
            self.slowest = self.most_cpu = 0.0
            for _ in range(20):
                samples = self.scrape_within(CPU_SECONDS)
                self.assertEqual(
                    {state: number for state, number in samples.by(
                        "leak_child_processes", "state", target=name).items()
                     if number}, {"sleeping": CHILDREN})
                self.assertEqual(samples.get("leak_threads", target=name,
                                             scope="children"), CHILDREN)
            resident = samples.get("leak_resident_memory_bytes", target=name,
                                   scope="children")
            self.assertEqual(resident, sum(map(resident_bytes, children)))
            self.assertLessEqual(
                set(samples.by("leak_child_age_seconds", "pid", target=name)),
                set(children[:100]))
            own = resident_bytes(self.exporter.process.pid)
            print(f"{self.id()}: the exporter has {own >> 20} MiB resident, "
                  f"{self.most_cpu:.3f} s of CPU for a scrape",
                  file=sys.stderr)
            self.assertLess(own, 64 << 20)
        self.assertEqual(self.scrape().get("leak_target_processes",
                                           target=name), 0)
        self.assert_ends_in_time()

    def test_its_end_amid_them(self):
        with harness.Target(MANY_CHILDREN, CHILDREN) as target:
            self.start(f"--pid={target.pid}")
            self.scrape_within(FIRST_CPU_SECONDS)
            self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
