"""A target that is stopped (SIGSTOP): every number is served, the same as before."""

import os
import pathlib
import signal
import time

import fault_case
import harness

MARKERS = 50_000


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class StoppedTargetTest(fault_case.FaultCase):
    def await_stop(self):
        deadline = time.monotonic() + harness.WAIT_SECONDS
        while state(self.target.pid) != "T":
            self.assertLess(time.monotonic(), deadline)
            os.sched_yield()

    def test_all_numbers_stay(self):
        self.target = self.enterContext(
            harness.Target("python_target.py", MARKERS))
        config = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {self.target.pid}}}
    repository_caches: [{self.directory}]
collectors:
  memory: {{smaps: true, smaps_interval: 1 second}}
  disk_usage: {{min_interval: 1 hour}}
  python_heap: {{min_interval: 100 ms}}
""")
        self.start(f"--config.file={config}")
        self.target.await_input()
        before = self.exporter.scrape_with("python_heap", "disk_usage",
                                           "smaps")
        self.target.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.target.process.send_signal, signal.SIGCONT)
        self.await_stop()

        def measured(samples):
            return samples.get("leak_scrape_collector_timestamp_seconds",
                               target="app", collector="python_heap")

        stopped = self.scrape_until(
            lambda samples: measured(samples) > measured(before),
            "the heap of a stopped process was not read")
        self.assertEqual(stopped.get("leak_python_objects", target="app",
                                     **{"class": "__main__.Marker"}), MARKERS)
        self.assertEqual(fault_case.still_values(stopped, "app"),
                         fault_case.still_values(before, "app"))
        self.assertGreater(len(fault_case.still_values(stopped, "app")), 50)
        self.assertEqual(set(stopped.by(
            "leak_scrape_collector_success", "collector",
            target="app").values()), {1})

        self.target.process.send_signal(signal.SIGCONT)
        self.target.await_input()
        self.assertEqual(fault_case.still_values(self.scrape(), "app"),
                         fault_case.still_values(before, "app"))
        self.target.process.send_signal(signal.SIGSTOP)
        self.await_stop()
        self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
