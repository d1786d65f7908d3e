"""The debug blocks, byte for byte, with the numbers filled in from psutil,
pmap and /proc."""

import json
import os
import pathlib
import subprocess
import time
import unittest

import harness
import psutil


def age_seconds(pid):
    """Seconds since a process started, by the clock it was stamped with."""
    return (time.clock_gettime(time.CLOCK_BOOTTIME)
            - harness.start_ticks(pid) / os.sysconf("SC_CLK_TCK"))


class BlocksTest(unittest.TestCase):
    def setUp(self):
        self.base = self.enterContext(harness.temporary_directory())
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.base))

    def profile(self, *arguments):
        done = harness.run_exporter("profile", f"--pid={self.forest.pid}",
                                    *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_pid_block(self):
        children = sorted(
            (child.pid for child in
             psutil.Process(self.forest.pid).children(recursive=True)),
            key=lambda pid: (harness.start_ticks(pid), pid))
        before = [int(age_seconds(pid)) for pid in children]
        block = self.profile("pid")
        after = [int(age_seconds(pid)) for pid in children]
        zombies = [pid for pid in children
                   if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE]
        lines = block.split("\n")
        self.assertEqual(lines[0], "### DEBUG: BEGIN PID PROFILE ###")
        self.assertEqual(lines[1], "")
        head, tail = lines[2].split(" - spawned ")
        self.assertEqual(head, "There are 55 child processes. PIDs are: "
                         + ", ".join(map(str, children)))
        self.assertTrue(tail.endswith(" seconds ago, respectively"), tail)
        ages = [int(age) for age in tail.split(" seconds ")[0].split(", ")]
        for low, age, high in zip(before, ages, after, strict=True):
            self.assertTrue(low <= age <= high, (low, age, high))
        self.assertEqual(lines[3:], [
            "5 are zombie processes. PIDs are: "
            + ", ".join(map(str, zombies)),
            "", "### DEBUG: END PID PROFILE ###", ""])

    def test_the_mapping_block_equals_pmaps_rows(self):
        pmap = subprocess.run(["pmap", str(self.forest.pid)], text=True,
                              capture_output=True, check=True).stdout
        expected = sorted(int(line.split()[1].rstrip("K"))
                          for line in pmap.splitlines()[1:-1])
        expected = [size for size in expected if size > 1000]
        total = int(pmap.splitlines()[-1].split()[1].rstrip("K"))
        lines = self.profile("mapping").splitlines()
        self.assertEqual(lines[0], "### DEBUG: BEGIN MAPPING PROFILE ###")
        self.assertEqual(lines[-1], "### DEBUG: END MAPPING PROFILE ###")
        rows = [line.split(" ", 1) for line in lines[2:-2]]
        self.assertEqual([int(size) for size, _ in rows], expected + [total])
        self.assertEqual(rows[-1][1], "total")
        self.assertIn("anon", [name for _, name in rows])

    def test_all_blocks_by_default_in_the_contracts_order(self):
        begins = [line for line in self.profile().splitlines()
                  if line.startswith("### DEBUG: BEGIN")]
        self.assertEqual(begins, [
            f"### DEBUG: BEGIN {name} PROFILE ###"
            for name in ("MEMORY", "PID", "DISK", "MAPPING")])

    def test_json_has_the_same_children(self):
        document = json.loads(self.profile("pid", "--format=json"))
        text = json.dumps(document)
        for pid in (self.forest.facts["children"]
                    + self.forest.facts["zombies"]):
            self.assertIn(str(pid), text)

    def test_the_same_blocks_over_http(self):
        exporter = self.enterContext(
            harness.Exporter([f"--pid={self.forest.pid}"], self.base))
        for name in ("memory", "pid", "disk", "mapping"):
            response = exporter.request(f"/debug/{name}")
            self.assertEqual(response.status, 200)
            self.assertTrue(response.text.startswith(
                f"### DEBUG: BEGIN {name.upper()} PROFILE ###\n"))
            json.loads(exporter.request(f"/debug/{name}?format=json").text)

    def test_several_targets_carry_their_names(self):
        config = harness.write_config(self.base, f"""
targets:
  - name: first
    match: {{pid: {self.forest.pid}}}
  - name: second
    match: {{pid: {os.getpid()}}}
""")
        done = harness.run_exporter("profile", "pid",
                                    f"--config.file={config}")
        self.assertIn("### DEBUG: BEGIN PID PROFILE (first, pid "
                      f"{self.forest.pid}) ###\n", done.stdout)
        self.assertIn("### DEBUG: END PID PROFILE (second, pid "
                      f"{os.getpid()}) ###\n", done.stdout)


class IntervalTest(unittest.TestCase):
    def test_blocks_come_at_their_intervals_whole_and_through_rotation(self):
        base = self.enterContext(harness.temporary_directory())
        forest = self.enterContext(
            harness.Target("process_forest.py", base))
        output = base / "profiles.fifo"
        os.mkfifo(output)
        config = harness.write_config(base, f"""
targets:
  - name: forest
    match: {{pid: {forest.pid}}}
debugging:
  pid_profile: {{interval: 300ms}}
  output: {output}
""")
        reader = os.fdopen(os.open(output, os.O_RDWR), "r")
        self.addCleanup(reader.close)
        started = time.monotonic()
        self.enterContext(harness.Exporter(
            [f"--config.file={config}"], base))
        begins = []
        while len(begins) < 6:
            if "BEGIN PID PROFILE" in reader.readline():
                begins.append(time.monotonic())
        # Six beats of 0.3 s, however long each took: no drift. The lower bound
        # is exact, the upper leaves room for a busy machine.
        self.assertGreaterEqual(begins[-1] - begins[0], 5 * 0.3 - 0.1)
        self.assertLess(begins[-1] - started, 20)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
