#!/usr/bin/python3
"""Runs the exporter for long on targets that never stand still, and measures
what it keeps: memory, threads and descriptors must not rise over the second
half, no debug block may be lost, and 99 of 100 scrapes take less than half a
second. LEAK_EXPORTER names the program.

usage: soak.py [--seconds=3600]
"""

import argparse
import collections
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import harness  # noqa: E402  (found by the line above)
import trend  # noqa: E402

SCRAPE_INTERVAL = 0.5
MEASURE_INTERVAL = 5.0
RELOAD_INTERVAL = 60.0
PASSING_INTERVAL = 20.0
BLOCK_SECONDS = {"MEMORY": 15, "PID": 5, "DISK": 15, "MAPPING": 10}
P99_SECONDS = 0.5
END_SECONDS = 1.0
DROPPED = ("leak_exporter_debug_blocks_dropped_total",
           "leak_exporter_log_lines_dropped_total")

# What the line through the second half may rise. A leak in each scrape of an
# hour's second half (3,600 of them) shows when it is 290 bytes or more. Threads
# of the exporter are few and bounded; it opens a descriptor for each child of a
# target, of which there are some 60, more or fewer at any moment.
BOUNDS = {"resident bytes": 1 << 20, "threads": 2, "descriptors": 15}

CONFIG = """
targets:
  - name: churn
    match: {{pid_file: {base}/churn.pid}}
    repository_caches: [{base}/churn/cache]
  - name: other
    match: {{pid: {other}}}
    repository_caches: [{base}/other/cache]
    temporary_directories: {{paths: ['{base}/other/work*']}}
  - name: passing
    match: {{cmdline: '{base}/passing'}}
    repository_caches: [{base}/passing/cache]
collectors:
  process_tree: {{top: {top}}}
  memory: {{smaps: true, smaps_interval: 20 seconds}}
  disk_usage: {{min_interval: 5 seconds}}
  python_heap: {{min_interval: 5 seconds}}
debugging:
{blocks}
"""
BROKEN_CONFIG = "targets: [{name: churn, match: {}}]\n"


class Churn:
    """A churning target; a context manager."""

    def __init__(self, base):
        self.process = subprocess.Popen(
            [harness.PYTHON, HERE / "churning_target.py", base],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise AssertionError(f"{base} was never ready")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=harness.WAIT_SECONDS)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Repeated:
    """Calls a function at an interval, in a thread of its own; an exception
    ends it, is kept and sets `failed`. A late call does not move the next."""

    def __init__(self, interval, function, failed):
        self.interval, self.function = interval, function
        self.failed = failed
        self.stopped = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        due = time.monotonic()
        try:
            while not self.stopped.wait(max(0.0, due - time.monotonic())):
                self.function()
                due += self.interval
        except Exception as failure:
            self.failure = failure
            self.failed.set()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class Soak:
    """The exporter and its targets, and what is seen of them."""

    def __init__(self, base, stack):
        self.base = base
        self.latencies, self.measured = [], []
        self.answers = collections.Counter()
        self.reloads = 0
        churn = stack.enter_context(Churn(base / "churn"))
        (base / "churn.pid").write_text(str(churn.process.pid))
        self.other = stack.enter_context(Churn(base / "other"))
        self.passing = None
        stack.callback(self.end_passing_target)
        self.exporter = stack.enter_context(harness.Exporter(
            [f"--config.file={self.write_config()}"], base))
        self.began = time.monotonic()

    def write_config(self):
        blocks = "\n".join(
            f"  {name.lower()}_profile: {{interval: {seconds} seconds}}"
            for name, seconds in BLOCK_SECONDS.items())
        return harness.write_config(self.base, CONFIG.format(
            base=self.base, other=self.other.process.pid, blocks=blocks,
            top=20 + self.reloads % 2))

    def end_passing_target(self):
        if self.passing:
            self.passing.end()

    def replace_passing_target(self):
        """A target that ends every now and then, and comes again."""
        self.end_passing_target()
        self.passing = Churn(self.base / "passing")

    def scrape(self):
        began = time.monotonic()
        response = self.exporter.request(
            "/metrics", headers={"Accept": harness.OPENMETRICS})
        self.latencies.append(time.monotonic() - began)
        self.answers[response.status] += 1

    def measure(self):
        proc = pathlib.Path(f"/proc/{self.exporter.process.pid}")
        status = (proc / "status").read_text()

        def number(key):
            return int(re.search(rf"^{key}:\s+(\d+)", status, re.M)[1])
        self.measured.append({
            "seconds": time.monotonic() - self.began,
            "resident bytes": number("VmRSS") * 1024,
            "threads": number("Threads"),
            "descriptors": len(list((proc / "fd").iterdir()))})

    def reload(self):
        """Two files in turn; each third time it finds a file with an error."""
        self.reloads += 1
        broken = self.reloads % 3 == 0
        path = self.write_config()
        if broken:
            path.write_text(BROKEN_CONFIG)
        status = self.exporter.request("/-/reload", "POST").status
        if (status == 200) == broken:
            raise AssertionError(f"reload: status {status}")
        self.answers["reload refused" if broken else "reload"] += 1
        self.exporter.forget_notifications()

    def run(self, seconds):
        failed = threading.Event()
        with contextlib.ExitStack() as stack:
            repeated = [stack.enter_context(Repeated(*how, failed)) for how in (
                (SCRAPE_INTERVAL, self.scrape),
                (MEASURE_INTERVAL, self.measure),
                (RELOAD_INTERVAL, self.reload),
                (PASSING_INTERVAL, self.replace_passing_target))]
            failed.wait(self.began + seconds - time.monotonic())
        for failure in (one.failure for one in repeated if one.failure):
            raise failure
        self.measure()
        self.end()

    def end(self):
        """Ends the exporter; what it printed is then complete."""
        samples = self.exporter.scrape()
        self.dropped = {name: samples.get(name) for name in DROPPED}
        self.elapsed = time.monotonic() - self.began
        began = time.monotonic()
        self.status = self.exporter.stop()
        self.end_seconds = time.monotonic() - began

    def report(self):
        """Prints the figures; returns what is wrong with them."""
        return [*self.report_trends(), *self.report_scrapes(),
                *self.report_blocks(), *self.report_end()]

    def report_trends(self):
        every = max(1, len(self.measured) // 12)
        print("| " + " | ".join(self.measured[0]) + " |")
        print("|" + "--|" * len(self.measured[0]))
        for row in self.measured[::every]:
            print("| " + " | ".join(f"{value:,.0f}" for value in row.values())
                  + " |")
        half = self.measured[len(self.measured) // 2:]
        times = [row["seconds"] for row in half]
        for what, bound in BOUNDS.items():
            rise = trend.fit(times, [row[what] for row in half])
            print(f"{what}: rise {rise.rise:+,.1f} ± {rise.error:,.1f} over "
                  f"the second half, bound {bound:,}")
            if rise.exceeds(bound):
                yield f"{what} rise by {rise.rise:,.1f}"

    def report_scrapes(self):
        ordered = sorted(self.latencies)
        p50, p99 = (ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
        print(f"{len(ordered)} scrapes: p50 {p50:.3f} s, p99 {p99:.3f} s, "
              f"most {ordered[-1]:.3f} s; {dict(self.answers)}")
        if p99 >= P99_SECONDS:
            yield f"p99 of the scrapes is {p99:.3f} s"
        if self.answers[200] != len(ordered):
            yield "not every scrape has status 200"

    def report_blocks(self):
        for name, seconds in BLOCK_SECONDS.items():
            mark = rf"^### DEBUG: {{}} {name} PROFILE \(churn, pid \d+\) ###$"
            begun, ended = (
                len(re.findall(mark.format(word), self.exporter.output, re.M))
                for word in ("BEGIN", "END"))
            # One at once and one at each interval; the last may be under way.
            due = int(self.elapsed // seconds) + 1
            print(f"{name} blocks: {begun}, due: {due}")
            if not due - 1 <= begun <= due or begun != ended:
                yield f"{begun} of {due} {name} blocks, {ended} with their end"
        for name, value in self.dropped.items():
            print(f"{name} {value:.0f}")
            if value:
                yield f"{name} is {value:.0f}"

    def report_end(self):
        print(f"end after {self.end_seconds:.3f} s, status {self.status}")
        if self.status != 0 or self.end_seconds >= END_SECONDS:
            yield f"end after {self.end_seconds:.3f} s, status {self.status}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600)
    options = parser.parse_args()
    print(f"A soak of {options.seconds:g} s, {os.cpu_count()} CPUs")
    with harness.temporary_directory() as base, \
            contextlib.ExitStack() as stack:
        soak = Soak(base, stack)
        soak.run(options.seconds)
        print("load average at the end:", *os.getloadavg())
        wrong = soak.report()
        if wrong:
            print(*wrong, "the log's end:", soak.exporter.log[-3000:],
                  sep="\n", file=sys.stderr)
    print("failed" if wrong else "passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
