"""A configuration file on a filesystem that hangs: a reload is refused after
ten seconds, and whatever else the exporter does goes on."""

import os
import signal
import threading
import time

import fault_case
import fuse_directory
import harness

PATIENCE_SECONDS = 10


class HungConfigTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        harness.require_root()
        mount = self.directory / "mount"
        mount.mkdir()
        self.fuse = self.enterContext(
            fuse_directory.FuseDirectory(mount, {"leak_exporter.yml": 99}))
        self.good = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: {os.getpid()}}}
collectors:
  python_heap: {{enabled: false}}
""")
        self.config = self.directory / "current.yml"
        self.lead_to(self.good)
        self.start(f"--config.file={self.config}",
                   "--web.listen-address=127.0.0.1:0")
        # Whatever fails, the exporter is not kept from ending.
        self.addCleanup(self.fuse.answer)
        self.hung = mount / "leak_exporter.yml"

    def lead_to(self, path):
        self.config.unlink(missing_ok=True)
        self.config.symlink_to(path)

    def reload(self):
        return self.exporter.request("/-/reload", method="POST")

    def successful(self):
        return self.scrape().get(
            "leak_exporter_config_last_reload_successful")

    def test_it_is_refused_and_holds_up_nothing(self):
        self.fuse.hang()
        self.lead_to(self.hung)
        responses = []
        reloading = threading.Thread(
            target=lambda: responses.append(self.reload()))
        began = time.monotonic()
        reloading.start()
        while reloading.is_alive():
            self.assertEqual(
                self.scrape().get("leak_target_processes", target="app"), 1)
        self.assertGreaterEqual(time.monotonic() - began,
                                PATIENCE_SECONDS - 1)
        expected = f"{self.config}: not read within {PATIENCE_SECONDS} s"
        self.assertEqual(responses[0].status, 500)
        self.assertIn(expected, responses[0].text)
        self.assertEqual(self.successful(), 0)
        # While that is outstanding, no other one begins.
        self.lead_to(self.good)
        began = time.monotonic()
        for _ in range(20):
            response = self.reload()
            self.assertIn(expected, response.text)
        self.assertLess(time.monotonic() - began, PATIENCE_SECONDS / 2)
        self.fuse.answer()
        deadline = time.monotonic() + harness.WAIT_SECONDS
        while self.reload().status != 200:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.successful(), 1)
        self.assert_ends_in_time()

    def test_its_end_while_it_hangs(self):
        port = self.exporter.tcp_port()
        self.fuse.hang()
        self.lead_to(self.hung)
        self.exporter.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.fuse.withheld_any.wait(harness.WAIT_SECONDS))
        began = time.monotonic()
        self.exporter.process.terminate()
        self.exporter.await_notification(b"STOPPING=1")
        while harness.is_listening(port):
            self.assertLess(time.monotonic() - began, fault_case.END_SECONDS)
        # The thread that waits for the filesystem is the kernel's to end.
        self.fuse.answer()
        self.exporter.process.wait(timeout=harness.WAIT_SECONDS)
        self.assertEqual(self.exporter.process.returncode, 0)


if __name__ == "__main__":
    fault_case.main()
