"""Sizes of caches and temporary directories, against the original formula
(Python's rglob) and du."""

import os
import pathlib
import subprocess
import unittest

import harness


def apparent_bytes(directory):
    """The formula of the debugging page that this block comes from, with a
    broken link counted as itself instead of failing."""
    def size(entry):
        try:
            return entry.stat().st_size
        except FileNotFoundError:
            return entry.lstat().st_size

    return sum(size(entry) for entry in pathlib.Path(directory).rglob("*"))


def du_bytes(directory):
    done = subprocess.run(["du", "--block-size=1", "-s", directory],
                          capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def fill(directory, seed):
    """Files, nested directories, links of every sort, a sparse file."""
    directory = pathlib.Path(directory)
    (directory / "plain").write_bytes(b"x" * (1000 + seed))
    nested = directory / "one" / "two" / "three"
    nested.mkdir(parents=True)
    (nested / "deep").write_bytes(b"y" * 70_000)
    os.link(nested / "deep", directory / "hard-link")
    os.link(nested / "deep", nested / "another-hard-link")
    with open(directory / "sparse", "wb") as sparse:
        sparse.truncate(10_000_000)
        sparse.write(b"z" * 5000)
    (directory / "to-file").symlink_to("plain")
    (directory / "to-directory").symlink_to("one")
    (directory / "to-parent").symlink_to("..")
    (directory / "broken").symlink_to("nowhere")
    (directory / "loop").symlink_to("loop2")
    (directory / "loop2").symlink_to("loop")
    (directory / os.fsdecode(b"bad\xffname\n")).write_bytes(b"w" * 77)


def size_without_loops(directory):
    """rglob's formula on a tree whose looping links are taken out, which
    stat(2) refuses with ELOOP, plus those links as themselves."""
    loops = [pathlib.Path(directory) / name for name in ("loop", "loop2")]
    own = sum(link.lstat().st_size for link in loops)
    for link in loops:
        link.unlink()
    try:
        return apparent_bytes(directory) + own
    finally:
        loops[0].symlink_to("loop2")
        loops[1].symlink_to("loop")


class DiskUsageTest(unittest.TestCase):
    def setUp(self):
        self.base = self.enterContext(harness.temporary_directory())
        self.run_directory = self.enterContext(harness.temporary_directory())
        self.forest = self.enterContext(
            harness.Target("process_forest.py", self.base))
        for number in range(5):
            fill(self.base / f"work{number}", number * 100)
        self.cache = self.base / "cache"
        self.cache.mkdir()
        fill(self.cache, 7)

    def configure(self, *caches):
        return harness.write_config(self.run_directory, f"""
targets:
  - name: forest
    match: {{pid: {self.forest.pid}}}
    repository_caches: [{", ".join(map(str, caches))}]
""")

    def serve(self, user=None):
        config = self.configure(self.cache, self.base / "missing")
        return self.enterContext(harness.Exporter(
            [f"--config.file={config}"], self.run_directory, user))

    def directory_users(self):
        """The oldest child in each directory."""
        users = {}
        for pid, directory in self.forest.facts["directories"].items():
            users.setdefault(directory, []).append(
                (harness.start_ticks(pid), int(pid)))
        return {directory: min(ages)[1] for directory, ages in users.items()}

    def test_cache_sizes_equal_the_formulas_and_dus(self):
        samples = self.serve().scrape_with("disk_usage")
        labels = {"target": "forest", "path": str(self.cache)}
        self.assertEqual(samples.get("leak_repository_cache_bytes", **labels),
                         size_without_loops(self.cache))
        self.assertEqual(
            samples.get("leak_repository_cache_allocated_bytes", **labels),
            du_bytes(self.cache))
        self.assertEqual(
            samples.get("leak_repository_cache_files", **labels),
            sum(len(names) + len(files)
                for _, names, files in os.walk(self.cache)))

    def test_a_missing_cache_is_absent(self):
        samples = self.serve().scrape_with("disk_usage")
        self.assertIsNone(samples.get("leak_repository_cache_bytes",
                                      target="forest",
                                      path=f"{self.base}/missing"))

    def test_temporary_directories_are_those_of_children(self):
        samples = self.serve().scrape_with("disk_usage")
        users = self.directory_users()
        self.assertEqual(len(users), 5)
        self.assertEqual(samples.get("leak_temporary_directories",
                                     target="forest"), 5)
        for directory, pid in users.items():
            self.assertEqual(
                samples.get("leak_temporary_directory_bytes", target="forest",
                            path=directory, pid=str(pid)),
                size_without_loops(directory))

    def test_the_disk_block_is_the_contracts(self):
        users = self.directory_users()
        sized = sorted(users, key=lambda path: (-size_without_loops(path),
                                                path))
        lines = {
            self.cache: f": {size_without_loops(self.cache)} bytes",
            self.base / "missing": " does not exist.",
        }
        for cache, line in lines.items():
            done = harness.run_exporter(
                "profile", "disk", f"--config.file={self.configure(cache)}")
            self.assertEqual(done.returncode, 0, done.stderr)
            expected = "".join(
                ["### DEBUG: BEGIN DISK PROFILE ###\n\n",
                 f"Repository cache{line}\n",
                 *(f"Temporary directory in use by PID {users[path]}: {path} "
                   f"({size_without_loops(path)} bytes)\n" for path in sized),
                 "No other open files.\n",
                 "\n### DEBUG: END DISK PROFILE ###\n"])
            self.assertEqual(done.stdout, expected)

    def test_what_cannot_be_read_is_absent_and_counted(self):
        closed = self.cache / "closed"
        closed.mkdir()
        (closed / "inside").write_bytes(b"x" * 999)
        closed.chmod(0)
        harness.require_root()
        self.run_directory.chmod(0o777)
        samples = self.serve(user=65534).scrape_with("disk_usage")
        self.assertIsNone(samples.get("leak_repository_cache_bytes",
                                      target="forest", path=str(self.cache)))
        self.assertGreaterEqual(
            samples.get("leak_scrape_collector_errors", target="forest",
                        collector="disk_usage", cause="permission"), 1)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
