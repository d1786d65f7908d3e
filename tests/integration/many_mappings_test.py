"""A target with as many mappings as the kernel gives: each is counted."""

import pathlib

import fault_case
import harness

LIMIT = int(pathlib.Path("/proc/sys/vm/max_map_count").read_text())


class ManyMappingsTest(fault_case.FaultCase):
    def test_every_mapping_is_counted(self):
        # A machine may allow a million; the case is about the usual 65,530.
        wanted = min(LIMIT, 65_530) - 500
        target = self.enterContext(
            harness.Target("many_mappings.py", wanted))
        maps = pathlib.Path(f"/proc/{target.pid}/maps")
        counted = len(maps.read_text().splitlines())
        self.assertGreater(counted, wanted)
        self.start(f"--pid={target.pid}")
        name = f"pid-{target.pid}"
        for _ in range(5):
            samples = self.scrape()
            self.assertEqual(samples.get("leak_mappings", target=name,
                                         scope="main"), counted)
            self.assertEqual(samples.get("leak_mappings_limit", target=name,
                                         scope="main"), LIMIT)
        heap = self.exporter.scrape_with("python_heap")
        self.assertEqual(heap.get("leak_scrape_collector_success", target=name,
                                  collector="python_heap"), 1)
        self.assertEqual(heap.get("leak_python_objects", target=name,
                                  **{"class": "__main__.Marker"}), 1000)

        self.assertEqual(target.tell("unmap"), "unmapped")
        left = len(maps.read_text().splitlines())
        self.assertLess(left, 1000)
        self.assertEqual(self.scrape().get("leak_mappings", target=name,
                                           scope="main"), left)
        target.tell("map")
        self.assertEqual(self.scrape().get("leak_mappings", target=name,
                                           scope="main"), counted)
        self.assert_ends_in_time()


if __name__ == "__main__":
    fault_case.main()
