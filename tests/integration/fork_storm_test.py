"""A target that forks and reaps as fast as it can."""

import os
import sys
import time

import fault_case
import harness
import psutil

STORM = os.environ["LEAK_FORK_STORM"]
CHILDREN = 100
STORM_SECONDS = 5.0


class ForkStormTest(fault_case.FaultCase):
    def test_scrapes_amid_the_storm(self):
        target = self.enterContext(harness.Target(STORM, CHILDREN))
        children = target.facts
        name = f"pid-{target.pid}"
        self.start(f"--pid={target.pid}")
        oldest = set(map(str, children[:20]))
        deadline = time.monotonic() + STORM_SECONDS
        scrapes = 0
        while time.monotonic() < deadline:
            samples = self.scrape()
            scrapes += 1
            self.assertEqual(
                samples.get("leak_target_processes", target=name), 1)
            states = samples.by("leak_child_processes", "state", target=name)
            # A scrape whose tree was not read in time says so, with no number.
            if samples.get("leak_scrape_collector_success", target=name,
                           collector="process_tree") == 1:
                self.assertGreaterEqual(states["sleeping"], CHILDREN)
                self.assertLess(sum(states.values()), 3 * CHILDREN)
            living = {pid for pid, state in (
                (labels["pid"], labels["state"]) for labels
                in samples.labels("leak_child_age_seconds"))
                if state != "zombie"}
            self.assertLessEqual(living, oldest)
            self.assertIn(samples.get("leak_threads", target=name,
                                      scope="main"), (1, None))
        forks = target.tell("end")
        print(f"{self.id()}: {forks} forks, {scrapes} scrapes",
              file=sys.stderr)
        self.assertGreater(forks, 100)

        samples = self.scrape()
        process = psutil.Process(target.pid)
        found = process.children(recursive=True)
        self.assertEqual(sorted(child.pid for child in found), children)
        self.assertEqual(
            {state: number for state, number in samples.by(
                "leak_child_processes", "state", target=name).items()
             if number}, {"sleeping": CHILDREN})
        self.assertEqual(
            samples.get("leak_resident_memory_bytes", target=name,
                        scope="main"), process.memory_info().rss)
        self.assertEqual(set(samples.by(
            "leak_scrape_collector_success", "collector",
            target=name).values()) - {0}, {1})
        for collector in ("process_tree", "memory", "mappings", "open_files"):
            self.assertEqual(fault_case.errors(samples, name, collector), {})
        self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
