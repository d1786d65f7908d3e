"""What each right adds, as the README's table "Permissions" says: the exporter,
with one right at a time, on another user's process."""

import os
import pathlib
import sys
import unittest

import watched_application

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "integration"))
import harness  # noqa: E402  (found by the line above)

APPLICATION = pathlib.Path(watched_application.__file__)
NOBODY = 65534
OTHER = 61234

EVERYBODY = {
    "leak_target_processes", "leak_target_start_time_seconds",
    "leak_child_processes", "leak_child_oldest_age_seconds",
    "leak_zombie_oldest_age_seconds", "leak_zombie_unreaped_seconds",
    "leak_threads", "leak_resident_memory_bytes",
    "leak_resident_memory_peak_bytes", "leak_anonymous_memory_bytes",
    "leak_file_memory_bytes", "leak_shared_memory_bytes", "leak_swap_bytes",
}
TRACED = {
    "leak_mappings", "leak_mappings_limit", "leak_mapping_bytes",
    "leak_anonymous_mappings", "leak_proportional_memory_bytes",
    "leak_unique_memory_bytes", "leak_temporary_directories",
    "leak_python_info", "leak_python_objects", "leak_python_object_bytes",
    "leak_python_modules",
}
CLOSED_DIRECTORIES = {
    "leak_repository_cache_bytes", "leak_repository_cache_allocated_bytes",
    "leak_repository_cache_files",
}
TRACED_AND_CLOSED = {
    "leak_open_files", "leak_open_files_limit", "leak_deleted_file_bytes",
    "leak_temporary_directory_bytes",
}
EVERYTHING = EVERYBODY | TRACED | CLOSED_DIRECTORIES | TRACED_AND_CLOSED


def with_rights(uid, gid, *capabilities):
    """A command that runs another as a user with these capabilities only."""
    given = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
            f"--inh-caps={given}", f"--ambient-caps={given}",
            f"--bounding-set={given}", "--no-new-privs", "--"]


class PermissionsTest(unittest.TestCase):
    def setUp(self):
        harness.require_root()
        self.base = self.enterContext(harness.temporary_directory())
        self.base.chmod(0o777)
        self.home = self.base / "application"
        self.application = self.enterContext(harness.Target(
            APPLICATION, self.home, user=NOBODY))
        self.sockets = self.base / "sockets"
        self.sockets.mkdir()
        self.sockets.chmod(0o777)

    def shown(self, uid, gid, *capabilities):
        """The names of EVERYTHING that have a series, and the scrape."""
        configuration = harness.write_config(
            self.base, watched_application.configuration(
                "application", {"pid": self.application.pid}, self.home,
                {"memory": {"smaps": True}}))
        with harness.Exporter(
                [f"--config.file={configuration}"], self.sockets,
                prefix=with_rights(uid, gid, *capabilities)) as exporter:
            samples = watched_application.complete(exporter.scrape,
                                                   "application")
        return samples.names() & EVERYTHING, samples

    def check_whole(self, *rights):
        names, samples = self.shown(*rights)
        self.assertEqual(names, EVERYTHING)
        watched_application.check(self, samples, "application",
                                  self.application.pid, self.home)

    def test_none(self):
        names, samples = self.shown(OTHER, OTHER)
        self.assertEqual(names, EVERYBODY)
        denied = samples.by("leak_scrape_collector_errors", "collector",
                            target="application", cause="permission")
        self.assertEqual({name for name, count in denied.items() if count},
                         {"mappings", "smaps", "open_files", "disk_usage",
                          "python_heap"})

    def test_same_uid_and_gid(self):
        self.check_whole(NOBODY, NOBODY)

    def test_same_uid_alone(self):
        names, _ = self.shown(NOBODY, OTHER)
        self.assertEqual(names, EVERYBODY | CLOSED_DIRECTORIES)

    def test_ptrace(self):
        names, _ = self.shown(OTHER, OTHER, "sys_ptrace")
        self.assertEqual(names, EVERYBODY | TRACED)

    def test_dac_read_search(self):
        names, _ = self.shown(OTHER, OTHER, "dac_read_search")
        self.assertEqual(names, EVERYBODY | CLOSED_DIRECTORIES)

    def test_both(self):
        self.check_whole(OTHER, OTHER, "sys_ptrace", "dac_read_search")


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
