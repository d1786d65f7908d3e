"""The books of long fuzzing: what is run, what is written down, what is missing."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import fuzz_goal

HERE = pathlib.Path(__file__).resolve().parent
WAIT_SECONDS = 30

# Stand-ins for libFuzzer programs, as far as the script knows one.
HEAD = """#!/usr/bin/python3
import os, pathlib, signal, sys, time
flags = dict(word[1:].split("=", 1) for word in sys.argv[1:] if word[0] == "-")
def end(executions, status=0):
    print(f"stat::number_of_executed_units: {executions}", flush=True)
    os._exit(status)
"""
FAST = HEAD + """
end(min(4_000_000, int(flags["runs"])) if flags["runs"] != "-1" else 4_000_000)
"""
# Uses CPU time until it is asked to end.
ENDLESS = HEAD + """
signal.signal(signal.SIGUSR1, lambda *_: end(7))
print("running", flush=True)
while True:
    pass
"""
CRASHING = HEAD + """
pathlib.Path(flags["artifact_prefix"] + "crash-1").write_text("bad input")
end(3, status=77)
"""


class FuzzTest(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))
        self.log = self.scratch / "runs.tsv"
        self.log.write_text("\t".join(fuzz_goal.COLUMNS) + "\n")
        self.fuzzers = self.scratch / "tests/fuzz"
        self.fuzzers.mkdir(parents=True)

    def add_fuzzer(self, name, program):
        path = self.fuzzers / name
        path.write_text(program)
        path.chmod(0o755)
        with open(self.fuzzers / "fuzzers.tsv", "a", encoding="utf-8") as table:
            table.write(f"{name}\t4096\ttests/fuzz/corpus/http README.md\n")

    def command(self, *arguments):
        return [str(HERE / "fuzz"), f"--log={self.log}",
                f"--build={self.scratch}", *arguments]

    def run_fuzz(self, *arguments):
        return subprocess.run(self.command(*arguments), text=True, check=False,
                              capture_output=True, timeout=WAIT_SECONDS)

    def sums(self, *fuzzers):
        return fuzz_goal.read(self.log, fuzzers)

    def test_a_fast_fuzzer_runs_until_ten_million_executions(self):
        self.add_fuzzer("fast_fuzz", FAST)
        done = self.run_fuzz("--goal")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = self.log.read_text().splitlines()[1:]
        self.assertEqual([line.split("\t")[3] for line in lines],
                         ["4000000", "4000000", "2000000"])
        self.assertIn("missing: nothing", done.stdout)
        self.assertIn("fast_fuzz ", self.run_fuzz("--missing").stdout)
        self.assertEqual(len(self.log.read_text().splitlines()), 4)

    def test_a_slow_fuzzer_runs_for_two_hours_of_cpu(self):
        self.add_fuzzer("slow_fuzz", ENDLESS)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(fuzz_goal.line("2024-01-01T00:00Z", "abc", "slow_fuzz",
                                     fuzz_goal.Sum(1000, 7199.5, 0)))
        self.assertIn("missing: 0 s of CPU", self.run_fuzz("--missing").stdout)
        done = self.run_fuzz("--goal", "--seconds=0.5")
        self.assertEqual(done.returncode, 0, done.stderr)
        total = self.sums("slow_fuzz")["slow_fuzz"]
        self.assertGreaterEqual(total.cpu_seconds, 7200)
        self.assertEqual(total.executions, 1007)

    def test_the_committed_inputs_are_there_to_begin_with(self):
        self.add_fuzzer("fast_fuzz", FAST)
        self.run_fuzz("--executions=5")
        inputs = list((self.scratch / "inputs/fast_fuzz").iterdir())
        committed = [file for file in (HERE.parent / "fuzz/corpus/http").rglob("*")
                     if file.is_file()]
        self.assertEqual(len(inputs), len(committed) + 1)
        self.assertEqual(self.sums("fast_fuzz")["fast_fuzz"].executions, 5)

    def test_a_finding_is_counted_and_does_not_stop_the_others(self):
        self.add_fuzzer("crashing_fuzz", CRASHING)
        self.add_fuzzer("fast_fuzz", FAST)
        done = self.run_fuzz("--goal")
        self.assertEqual(done.returncode, 1)
        self.assertIn("findings: crashing_fuzz", done.stderr)
        sums = self.sums("crashing_fuzz", "fast_fuzz")
        self.assertEqual(sums["crashing_fuzz"].findings, 1)
        self.assertEqual(sums["crashing_fuzz"].executions, 3)
        self.assertEqual(sums["fast_fuzz"].executions, 10_000_000)
        self.assertTrue((self.scratch / "findings/crashing_fuzz/crash-1").exists())

    def test_a_terminated_script_writes_down_what_ran(self):
        self.add_fuzzer("endless_fuzz", ENDLESS)
        script = subprocess.Popen(self.command("--goal"), text=True,
                                  stdout=subprocess.PIPE)
        output = self.scratch / "findings/endless_fuzz.log"
        deadline = time.monotonic() + WAIT_SECONDS
        while not output.exists() or "running" not in output.read_text():
            self.assertLess(time.monotonic(), deadline)
            os.sched_yield()
        script.send_signal(signal.SIGTERM)
        self.assertIn("ran 7 executions", script.communicate(
            timeout=WAIT_SECONDS)[0])
        self.assertEqual(script.returncode, 0)
        self.assertEqual(self.sums("endless_fuzz")["endless_fuzz"].executions, 7)

    def test_a_log_that_is_none_and_an_unknown_fuzzer_are_refused(self):
        self.add_fuzzer("fast_fuzz", FAST)
        self.assertIn("no such fuzzer: slow_fuzz",
                      self.run_fuzz("slow_fuzz").stderr)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write("2024-01-01\tabc\n")
        self.assertIn("runs.tsv:2: 2 columns", self.run_fuzz("--missing").stderr)


class CommittedLogTest(unittest.TestCase):
    def test_every_line_counts(self):
        log = HERE.parent / "fuzz/runs.tsv"
        fuzzers = {line.split("\t")[2]
                   for line in log.read_text().splitlines()[1:]}
        for name, total in fuzz_goal.read(log, fuzzers).items():
            self.assertGreater(total.cpu_seconds, 0, name)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
