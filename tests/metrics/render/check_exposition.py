#!/usr/bin/python3
"""Checks what the writer writes with other people's parsers.

usage: check_exposition.py WRITE_SAMPLE
"""

import subprocess
import sys
import unittest

from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import parser as openmetrics_parser

WRITE_SAMPLE = sys.argv.pop()
PARSERS = {
    "text": text_parser.text_string_to_metric_families,
    "openmetrics": openmetrics_parser.text_string_to_metric_families,
}


def write(*arguments):
    return subprocess.run(
        [WRITE_SAMPLE, *arguments], check=True, stdout=subprocess.PIPE
    ).stdout


def samples(sample, dialect):
    families = PARSERS[dialect](write(sample, dialect).decode("utf-8"))
    return [
        (s.name, tuple(sorted(s.labels.items())), s.value)
        for family in families
        for s in family.samples
    ]


class ExpositionTest(unittest.TestCase):
    def test_both_dialects_carry_the_same_samples(self):
        text = samples("rich", "text")
        self.assertGreater(len(text), 100)
        self.assertEqual(text, samples("rich", "openmetrics"))

    def test_no_label_set_comes_twice(self):
        for sample in ("rich", "random"):
            keys = [(name, labels) for name, labels, _ in samples(sample, "text")]
            self.assertEqual(len(keys), len(set(keys)))

    def test_openmetrics_describes_types_and_units(self):
        families = {
            family.name: family
            for family in PARSERS["openmetrics"](write("rich", "openmetrics").decode())
        }
        self.assertEqual(families["leak_exporter_build"].type, "info")
        self.assertEqual(families["leak_python_gc_collections"].type, "counter")
        self.assertEqual(families["process_cpu_seconds"].unit, "seconds")
        self.assertEqual(families["leak_resident_memory_bytes"].unit, "bytes")
        self.assertEqual(families["leak_open_files"].unit, "")
        for family in families.values():
            self.assertTrue(family.documentation.endswith("."), family.name)

    def test_random_bytes_arrive_as_python_itself_repairs_them(self):
        names = [
            bytes.fromhex(line).decode("utf-8", errors="replace")
            for line in write("names").decode().split("\n")[:-1]
        ]
        self.assertEqual(len(names), 5000)
        for dialect in PARSERS:
            arrived = {
                int(dict(labels)["pid"]): dict(labels)["comm"]
                for name, labels, _ in samples("random", dialect)
                if name == "leak_child_age_seconds"
            }
            self.assertEqual(arrived, dict(enumerate(names, start=1)))

    def test_promtool_finds_nothing_to_say(self):
        for sample in ("rich", "random"):
            checked = subprocess.run(
                ["promtool", "check", "metrics"],
                input=write(sample, "text"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.assertEqual(checked.stdout.decode(), "")
            self.assertEqual(checked.returncode, 0)


if __name__ == "__main__":
    unittest.main()
