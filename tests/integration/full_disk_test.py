"""Standard output, standard error or a file of debug blocks on a disk without
room (ENOSPC): scrapes do not mind, and what is written afterwards is whole."""

import contextlib
import errno
import re
import signal
import subprocess
import time

import fault_case
import harness

BEGIN = "### DEBUG: BEGIN PID PROFILE ###"
END = "### DEBUG: END PID PROFILE ###"
BLOCK = re.compile(rf"^{BEGIN}\n\nThere are 55 child processes.*"
                   rf"\n5 are zombie processes.*\n\n{END}$", re.M)
LOG_LINE = re.compile(r"^ts=\S+ level=\w+ msg=.*$", re.M)
DISK_BYTES = 256 << 10
# Long enough for several blocks and log lines that find no room.
FULL_SECONDS = 3.5


class FullDiskTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        harness.require_root()
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.directory))
        self.forest.await_input()
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}",
                        "leak_exporter_test", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk],
                        check=True)

    def start_with(self, debugging, **how):
        config = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {self.forest.pid}}}
collectors:
  python_heap: {{enabled: false}}
  disk_usage: {{enabled: false}}
debugging:
  pid_profile: {{interval: 250 ms}}
{debugging}
""")
        self.start(f"--config.file={config}", **how)
        self.still = fault_case.still_values(self.scrape(), "app")

    @contextlib.contextmanager
    def full_disk(self):
        """Not a byte is left within."""
        filler = self.disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            size = 4096
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
                    size //= 2
        try:
            yield
        finally:
            filler.unlink()

    def assert_scrapes_do_not_mind(self):
        deadline = time.monotonic() + FULL_SECONDS
        while time.monotonic() < deadline:
            self.assertEqual(
                fault_case.still_values(self.scrape(), "app"), self.still)
            self.exporter.process.send_signal(signal.SIGHUP)

    def await_blocks(self, path, more):
        """Whole blocks; at most one is torn, and it hides no other."""
        text = ""
        deadline = time.monotonic() + harness.WAIT_SECONDS
        before = len(BLOCK.findall(path.read_text()))
        while len(BLOCK.findall(text)) < before + more:
            self.assertLess(time.monotonic(), deadline, text)
            self.scrape()
            text = path.read_text()
        if not text.endswith(END + "\n"):
            text = text[:text.rindex(BEGIN)]
        self.assertEqual(len(BLOCK.findall(text)), text.count(END))
        self.assertLessEqual(text.count(BEGIN), text.count(END) + 1)
        self.assertEqual(text.count(BEGIN),
                         len(re.findall(f"^{BEGIN}$", text, re.M)), text)

    def test_standard_output_and_error(self):
        self.start_with("", directory=self.disk)
        self.await_blocks(self.exporter.output_path, 2)
        with self.full_disk():
            self.assert_scrapes_do_not_mind()
        self.await_blocks(self.exporter.output_path, 2)
        # The first line may have been put behind a torn one.
        lines = len(LOG_LINE.findall(self.exporter.log))
        deadline = time.monotonic() + harness.WAIT_SECONDS
        while len(LOG_LINE.findall(self.exporter.log)) == lines:
            self.assertLess(time.monotonic(), deadline, self.exporter.log)
            self.exporter.process.send_signal(signal.SIGHUP)
            self.scrape()
        with self.full_disk():
            self.assert_scrapes_do_not_mind()
            self.assert_ends_in_time()

    def test_a_file_of_blocks(self):
        blocks = self.disk / "blocks"
        self.start_with(f"  output: {blocks}")
        self.scrape_until(lambda _: blocks.exists(), "no block")
        self.await_blocks(blocks, 2)
        with self.full_disk():
            self.assert_scrapes_do_not_mind()
            self.assertIn(f"{blocks}: No space left on device",
                          self.exporter.log)
        self.assertLessEqual(self.exporter.log.count("No space left"), 10)
        self.await_blocks(blocks, 2)
        with self.full_disk():
            self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
