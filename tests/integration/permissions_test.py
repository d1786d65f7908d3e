"""Another user's processes, seen without any capability: what cannot be read
is absent and counted, what can be read is right."""

import os
import unittest

import harness

NOBODY = 65534
UNREADABLE = {
    "leak_mappings", "leak_mapping_bytes", "leak_anonymous_mappings",
    "leak_open_files", "leak_deleted_file_bytes",
}
READABLE = {
    "leak_target_processes", "leak_child_processes", "leak_threads",
    "leak_resident_memory_bytes", "leak_anonymous_memory_bytes",
    "leak_child_oldest_age_seconds", "leak_zombie_unreaped_seconds",
}


class PermissionsTest(unittest.TestCase):
    def setUp(self):
        harness.require_root()
        self.base = self.enterContext(harness.temporary_directory())
        self.run_directory = self.enterContext(harness.temporary_directory())
        self.run_directory.chmod(0o777)

    def scrape(self, target_user, exporter_user):
        if target_user is not None:
            self.base.chmod(0o777)
        forest = self.enterContext(harness.Target(
            "process_forest.py", self.base, user=target_user))
        self.exporter = self.enterContext(harness.Exporter(
            [f"--pid={forest.pid}"], self.run_directory, exporter_user))
        return f"pid-{forest.pid}", self.exporter.scrape_with("python_heap", "disk_usage")

    def errors(self, samples, target):
        counted = samples.by("leak_scrape_collector_errors", "collector",
                             target=target, cause="permission")
        return {collector: count for collector, count in counted.items()
                if count}

    def test_roots_processes_seen_by_nobody(self):
        target, samples = self.scrape(None, NOBODY)
        self.assertTrue(READABLE <= samples.names(),
                        READABLE - samples.names())
        self.assertFalse(UNREADABLE & samples.names(),
                         UNREADABLE & samples.names())
        success = samples.by("leak_scrape_collector_success", "collector",
                             target=target)
        self.assertEqual((success["process_tree"], success["memory"]), (1, 1))
        self.assertEqual((success["mappings"], success["open_files"]), (0, 0))
        self.assertTrue(self.errors(samples, target))
        states = samples.by("leak_child_processes", "state", target=target)
        self.assertEqual(sum(states.values()), 55)

    def test_nobodys_processes_seen_by_nobody(self):
        target, samples = self.scrape(NOBODY, NOBODY)
        self.assertTrue(READABLE | {"leak_mappings", "leak_open_files"}
                        <= samples.names())
        self.assertEqual(self.errors(samples, target), {})

    def test_nobodys_processes_seen_by_root(self):
        target, samples = self.scrape(NOBODY, None)
        self.assertTrue(READABLE | {"leak_mappings", "leak_open_files"}
                        <= samples.names())
        self.assertEqual(self.errors(samples, target), {})


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
