"""Beyond one machine: two Prometheus servers share twenty exporters by hash and
send what their rules record to a third."""

import os
import re
import unittest

import servers
from servers import harness

EXPORTERS = 20
SHARDS = 2


class FleetTest(unittest.TestCase):
    def setUp(self):
        self.directory = servers.run_directory(self)
        self.relays = [self.start_exporter(number)
                       for number in range(EXPORTERS)]
        self.addresses = {f"127.0.0.1:{relay.server_port}"
                          for relay in self.relays}
        self.receiver = servers.start_prometheus(
            self, self.directory / "receiver",
            {"global": {"evaluation_interval": "1s"},
             "rule_files": [str(servers.ROOT / "deploy/prometheus/fleet"
                                / "receiver_rules.yml")]},
            "--web.enable-remote-write-receiver")
        self.writes = self.enterContext(servers.WriteRelay(
            f"http://127.0.0.1:{self.receiver.port}/api/v1/write"))
        self.shards = [self.start_shard(number) for number in range(SHARDS)]

    def start_exporter(self, number):
        directory = self.directory / f"exporter{number}"
        directory.mkdir()
        exporter = self.enterContext(harness.Exporter(
            [f"--pid={os.getpid()}"], directory))
        return self.enterContext(servers.ScrapeRelay(exporter))

    def start_shard(self, number):
        """The shipped configuration, with its variables filled in, the paths
        of this run, and a second in place of half a minute."""
        directory = self.directory / f"shard{number}"
        (directory / "targets").mkdir(parents=True)
        (directory / "targets" / "all.yml").write_text(
            f"- targets: {sorted(self.addresses)}\n")
        text = servers.read("deploy/prometheus/fleet/shard.yml")
        values = {"SHARD": str(number), "SHARDS": str(SHARDS),
                  "RECEIVER": f"http://127.0.0.1:{self.writes.server_port}"}
        text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)
        text = text.replace("../rules",
                            str(servers.ROOT / "deploy/prometheus/rules"))
        text = re.sub(r"(_interval): \w+", r"\1: 1s", text)
        text = text.replace("scrape_timeout: 10s", "scrape_timeout: 1s")
        return servers.start_prometheus(self, directory, text)

    def after_writes(self, condition):
        """Looks again after each accepted write, of which there is one a
        second and shard, until the condition holds."""
        for _ in range(120):
            self.writes.events.get(timeout=harness.WAIT_SECONDS)
            if condition():
                return
        self.fail("not within 120 writes")

    def test_every_exporter_is_scraped_by_exactly_one_shard(self):
        self.after_writes(lambda: len(self.receiver.query("up == 1"))
                          >= EXPORTERS)
        seen = [(labels["instance"], labels["shard"])
                for labels, _ in self.receiver.query("up == 1")]
        self.assertEqual(len(seen), EXPORTERS)
        self.assertEqual({instance for instance, _ in seen}, self.addresses)
        self.assertEqual({shard for _, shard in seen}, {"0", "1"})

    def test_recorded_series_arrive_and_raw_ones_stay(self):
        self.after_writes(lambda: len(self.receiver.query(
            "target:leak_child_processes:sum")) == EXPORTERS)
        raw = self.receiver.query('{__name__=~"leak_.+"}')
        self.assertEqual(raw, [])
        self.after_writes(lambda: self.receiver.query(
            "fleet:leak_exporters_up:sum") == [
                ({"__name__": "fleet:leak_exporters_up:sum",
                  "job": "leak_exporter"}, str(EXPORTERS))])
        self.assertEqual(self.receiver.query(
            'ALERTS{alertname="LeakExporterScrapedTwice"}'), [])


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
