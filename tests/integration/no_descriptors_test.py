"""The exporter has no file descriptors left (EMFILE), with many connections and
many targets: what it still says is right, and it recovers by itself."""

import contextlib
import resource
import socket
import sys
import time

import fault_case
import harness
import psutil

CROWD = 40
# targets, process_tree, memory, mappings, open_files, disk_usage, python_heap
COLLECTORS = 7
# Above what the exporter holds when nobody asks. With fewer it may not even
# accept a connection.
SPARE = (40, 20, 10, 5, 4, 3, 2, 1)


class NoDescriptorsTest(fault_case.FaultCase):
    def setUp(self):
        super().setUp()
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.directory))
        self.forest.await_input()
        names = [f"app{number}" for number in range(8)]
        self.targets = names
        rules = "".join(f"""
  - name: {name}
    match: {{pid: {self.forest.pid}}}
    repository_caches: [{self.directory}/work0]
""" for name in names)
        config = harness.write_config(self.directory, f"""
targets:{rules}
collectors:
  disk_usage: {{min_interval: 100 ms}}
  python_heap: {{min_interval: 1 hour}}
""")
        self.start(f"--config.file={config}",
                   "--web.listen-address=127.0.0.1:0")
        self.port = self.exporter.tcp_port()
        samples = self.scrape_until(self.is_complete, "never all successful")
        self.still = {name: fault_case.still_values(samples, name)
                      for name in names}
        self.process = psutil.Process(self.exporter.process.pid)
        self.limit = self.process.rlimit(resource.RLIMIT_NOFILE)
        self.idle_files = self.process.num_fds()

    def is_complete(self, samples):
        """All collectors of all targets succeeded, and no read failed."""
        successes = samples.all("leak_scrape_collector_success")
        failures = samples.all("leak_scrape_collector_errors")
        return (len(successes) == COLLECTORS * len(self.targets)
                and set(successes.values()) == {1}
                and set(failures.values()) == {0})

    @contextlib.contextmanager
    def spare_descriptors(self, spare):
        """So many more than it holds now; as many as before afterwards."""
        soft = self.idle_files + spare
        self.process.rlimit(resource.RLIMIT_NOFILE, (soft, self.limit[1]))
        try:
            yield
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.process.rlimit(resource.RLIMIT_NOFILE, self.limit)

    def assert_right_or_counted(self, samples):
        """Every number is the one of before, or absent and counted."""
        absent = set()
        for name in self.targets:
            values = fault_case.still_values(samples, name)
            for key, before in self.still[name].items():
                if key[0].startswith(("leak_scrape_", "leak_series_")):
                    continue
                if key in values:
                    self.assertEqual(values[key], before, key)
                else:
                    absent.add(name)
        for name in absent:
            self.assertTrue(
                {labels["cause"] for labels
                 in samples.labels("leak_scrape_collector_errors")
                 if labels["target"] == name} & {"limit", "timeout"},
                self.exporter.log)
        return len(absent)

    def assert_recovered(self):
        """The same numbers as before, and no error counted."""
        def missing(samples):
            return {(key, before, values.get(key))
                    for name in self.targets
                    for values in [fault_case.still_values(samples, name)]
                    for key, before in self.still[name].items()
                    if values.get(key) != before}

        deadline = time.monotonic() + harness.WAIT_SECONDS
        while wrong := missing(self.scrape()):
            self.assertLess(time.monotonic(), deadline,
                            f"not as before: {wrong}\n{self.exporter.log}")

    def test_measuring_with_few(self):
        for spare in SPARE:
            with self.subTest(spare=spare), self.spare_descriptors(spare):
                for _ in range(5):
                    absent = self.assert_right_or_counted(self.scrape())
                print(f"{spare} spare: values of {absent} targets absent",
                      file=sys.stderr)
        self.assert_recovered()
        self.assert_ends_in_time()

    def test_a_crowd_takes_them(self):
        with self.spare_descriptors(20), contextlib.ExitStack() as crowd:
            for _ in range(CROWD):
                client = crowd.enter_context(socket.socket())
                client.bind(("127.0.0.2", 0))
                client.connect(("127.0.0.1", self.port))
            for _ in range(5):
                self.assert_right_or_counted(self.scrape())
        self.assert_recovered()
        self.assert_ends_in_time()

    def test_none_at_all(self):
        """Nobody can be answered; the next one with descriptors is."""
        with self.spare_descriptors(-self.idle_files):
            client = harness.UnixConnection(self.exporter.socket_path)
            self.addCleanup(client.close)
            began = time.monotonic()
            client.request("GET", "/metrics")
            self.assertIsNone(self.exporter.process.poll())
        self.assertEqual(client.getresponse().status, 200)
        self.assertLess(time.monotonic() - began, fault_case.SCRAPE_SECONDS)
        self.assert_recovered()
        with self.spare_descriptors(-self.idle_files):
            self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
