"""A target whose workers are Pythons: each heap is counted, and the worker that
holds most is told from the others."""

import os
import pathlib
import re
import signal
import time

import fault_case
import harness
import psutil

NUMBERS = [1000, 3000, 2000, 60_000]
HELD = {"shell": "__main__.Marker", "fork": "__main__.Held",
        "spawn": "__mp_main__.Held", "forkserver": "__mp_main__.Held"}


def resident_parts(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.findall(r"^(Rss\w+):\s+(\d+) kB$", status, re.M)


def await_rest(pid):
    """Waits until a process waits for what does not come."""
    deadline = time.monotonic() + harness.WAIT_SECONDS
    waits_in = pathlib.Path(f"/proc/{pid}/wchan")
    while not re.search("poll|read|recv", waits_in.read_text()):
        assert time.monotonic() < deadline, waits_in.read_text()
        os.sched_yield()


class WorkersTest(fault_case.FaultCase):
    def watch(self, method, numbers=NUMBERS, settings="", debugging="",
              start=True):
        target = self.enterContext(
            harness.Target("workers.py", method, *numbers))
        self.config = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {target.pid}}}
collectors:
  python_heap: {{min_interval: 100 ms, cpu_share: 1{settings}}}
{debugging}""")
        if start:
            self.start(f"--config.file={self.config}")
        return target

    def value(self, samples, name, **labels):
        return samples.get(name, target="app", **labels)

    def pythons(self, target):
        """The pids of all descendants that are Pythons, by psutil."""
        return {child.pid for child in
                psutil.Process(target.pid).children(recursive=True)
                if "python" in os.path.basename(child.exe())}

    def await_all_read(self, number):
        return self.scrape_until(
            lambda samples: self.value(samples, "leak_python_interpreters",
                                       scope="children") == number
            and not self.value(samples, "leak_python_processes_unread",
                               scope="children"), "not all were read")

    def test_each_heap_is_counted(self):
        for method, held in HELD.items():
            with self.subTest(method=method):
                target = self.watch(method, sorted(NUMBERS), start=False)
                for pid in target.facts["workers"]:
                    await_rest(pid)
                workers = target.facts["workers"]
                pythons = self.pythons(target)
                resident = {pid: resident_parts(pid) for pid in workers}
                self.assertLessEqual(set(workers), pythons)
                self.start(f"--config.file={self.config}")
                samples = self.await_all_read(len(pythons))
                self.assertEqual(
                    self.value(samples, "leak_python_objects",
                               scope="children", **{"class": held}),
                    sum(NUMBERS))
                self.assertIsNone(
                    self.value(samples, "leak_python_objects", scope="main",
                               **{"class": held}))
                objects = samples.by("leak_python_process_objects", "pid",
                                     target="app", scope="children")
                self.assertEqual(set(objects), set(map(str, pythons)))
                first = max(objects, key=objects.get)
                self.assertEqual(int(first), workers[-1])
                others = max(count for pid, count in objects.items()
                             if pid != first)
                self.assertGreater(objects[first] - others, 50_000)
                self.assertEqual(
                    fault_case.errors(samples, "app", "python_heap"), {})
                # What was forked shares files that it never touched.
                self.assertEqual({pid: resident_parts(pid)
                                  for pid in workers}, resident)
                self.assert_ends_in_time()

    def test_only_main_processes(self):
        self.watch("fork", settings=", processes: main")
        samples = self.scrape_until(
            lambda samples: self.value(samples, "leak_python_interpreters",
                                       scope="main") == 1, "not read")
        self.assertEqual([labels for name in samples.names()
                          if name.startswith("leak_python")
                          for labels in samples.labels(name)
                          if labels.get("scope") == "children"], [])

    def test_a_worker_that_ends(self):
        target = self.watch("fork")
        self.scrape_until(
            lambda samples: self.value(samples, "leak_python_objects",
                                       scope="children",
                                       **{"class": "__main__.Held"})
            == sum(NUMBERS), "not all were read")
        os.kill(target.facts["workers"][-1], signal.SIGKILL)
        self.scrape_until(
            lambda samples: self.value(samples, "leak_python_objects",
                                       scope="children",
                                       **{"class": "__main__.Held"})
            == sum(NUMBERS) - NUMBERS[-1], "it still counts")

    def test_the_child_that_grew_most_has_a_block(self):
        target = self.watch("fork", debugging="""
debugging:
  memory_profile: {interval: 200 ms}
""")
        worker = target.facts["workers"][1]
        begin = f"### DEBUG: BEGIN MEMORY PROFILE (app, pid {worker}) ###\n"
        self.await_all_read(len(NUMBERS))
        # A block that knows what they held before.
        deadline = time.monotonic() + harness.WAIT_SECONDS
        blocks = self.exporter.output.count("### DEBUG: END MEMORY")
        while self.exporter.output.count("### DEBUG: END MEMORY") < blocks + 2:
            self.assertLess(time.monotonic(), deadline, self.exporter.log)
        self.assertNotIn("(app, pid", self.exporter.output)
        target.tell("grow 0 100")
        total = target.tell("grow 1 5000")
        while begin not in self.exporter.output:
            self.assertLess(time.monotonic(), deadline, self.exporter.output)
        end = begin.replace("BEGIN", "END")
        while end not in self.exporter.output:
            self.assertLess(time.monotonic(), deadline, self.exporter.output)
        block = self.exporter.output.partition(begin)[2].partition(end)[0]
        self.assertIn(f"\n{total}\t <class '__main__.Held'>\n", block)

    def test_idle_workers_cost_nothing(self):
        self.watch("fork")
        self.await_all_read(len(NUMBERS))
        oldest = "leak_python_oldest_walk_timestamp_seconds"
        now = time.time()
        samples = self.scrape_until(
            lambda samples: min(self.value(samples, oldest, scope=scope)
                                for scope in ("main", "children")) > now,
            "what stands is as new as the last look")
        self.assertEqual(
            self.value(samples, "leak_python_objects", scope="children",
                       **{"class": "__main__.Held"}), sum(NUMBERS))


if __name__ == "__main__":
    fault_case.main()
