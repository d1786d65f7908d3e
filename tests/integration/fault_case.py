"""What every test of a fault asks of the exporter: an answer in time, no wrong
number, and its end in time."""

import os
import signal
import sys
import time
import unittest

import harness

SCRAPE_SECONDS = 1.0
END_SECONDS = 1.0

# What moves although the target stands still.
MOVING = ("_age_seconds", "_unreaped_seconds", "_duration_seconds",
          "_timestamp_seconds", "_filesystem_available_bytes")


def still_values(samples, target):
    """The samples of a target that do not move while it stands still."""
    return {key: value for key, value in samples.values.items()
            if dict(key[1]).get("target") == target
            and not key[0].endswith(MOVING)}


def all_heaps_are_read(samples):
    """Whether there are Python processes, and each was read."""
    unread = samples.all("leak_python_processes_unread").values()
    return bool(unread) and not any(unread)


class FaultCase(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(harness.temporary_directory())
        self.slowest = 0.0

    def start(self, *arguments, **how):
        how.setdefault("directory", self.directory)
        self.exporter = self.enterContext(harness.Exporter(arguments, **how))
        return self.exporter

    def scrape(self, path="/metrics", most=SCRAPE_SECONDS):
        """A scrape that is answered in time, with status 200."""
        began = time.monotonic()
        response = self.exporter.request(
            path, headers={"Accept": harness.OPENMETRICS})
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        self.assertEqual(response.status, 200, response.text)
        self.assertLess(took, most)
        return harness.Samples(harness.parse_openmetrics(response.text))

    def scrape_until(self, condition, message, seconds=harness.WAIT_SECONDS):
        """Scrapes, each in time, until one fulfils the condition."""
        deadline = time.monotonic() + seconds
        while True:
            samples = self.scrape()
            if condition(samples):
                return samples
            self.assertLess(time.monotonic(), deadline,
                            f"{message}\n{self.exporter.log}")

    def assert_ends_in_time(self, most=END_SECONDS):
        began = time.monotonic()
        self.exporter.process.send_signal(signal.SIGTERM)
        status = self.exporter.process.wait(timeout=harness.WAIT_SECONDS)
        took = time.monotonic() - began
        self.assertEqual(status, 0, self.exporter.log)
        self.assertLess(took, most)
        print(f"{self.id()}: slowest scrape {self.slowest:.3f} s, "
              f"end {took:.3f} s", file=sys.stderr)


def errors(samples, target, collector):
    """Failed reads of a collector, by cause; without those that did not."""
    return {cause: number for cause, number in samples.by(
        "leak_scrape_collector_errors", "cause", target=target,
        collector=collector).items() if number}


def main():
    unittest.main(module="__main__",
                  argv=[os.path.basename(sys.argv[0])], verbosity=2)
