"""How near to their limits a target and its cgroups are, against what the
cgroups' own files and psutil say."""

import contextlib
import pathlib
import sys
import uuid

import fault_case
import harness
import psutil

MOUNT = pathlib.Path("/sys/fs/cgroup")
LIMIT = 96 << 20
# (Where version 1 or 2 is mounted, its limit, its usage, what does not count.)
VERSIONS = (
    (MOUNT / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
     "total_inactive_file"),
    (MOUNT, "memory.max", "memory.current", "inactive_file"))


def in_use(directory, usage, inactive):
    stat = dict(line.split()
                for line in (directory / "memory.stat").read_text().splitlines())
    return int((directory / usage).read_text()) - int(stat[inactive])


def own_directory(mount):
    """The cgroup of this process; None where it cannot be seen."""
    wanted = "memory" if mount.name == "memory" else ""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if wanted in controllers.split(","):
            return mount / path.lstrip("/")
    return None


@contextlib.contextmanager
def limited_cgroup():
    """A new cgroup with a limit: its directory, usage and inactive names. None
    where this process may not make one."""
    for mount, limit, usage, inactive in VERSIONS:
        parent = own_directory(mount)
        if parent is None:
            continue
        directory = parent / f"leak_exporter_test_{uuid.uuid4().hex}"
        try:
            directory.mkdir()
        except OSError:
            continue
        try:
            if not (directory / limit).exists():
                continue
            (directory / limit).write_text(str(LIMIT))
            yield directory, usage, inactive
            return
        finally:
            directory.rmdir()
    yield None


def values_of(samples):
    return lambda name: samples.get(name, target="app")


class MemoryLimitsTest(fault_case.FaultCase):
    def measure(self, *targets):
        pids = ", ".join(str(target.pid) for target in targets)
        config = harness.write_config(self.directory, f"""
targets:
  - name: app
    match: {{pid: [{pids}]}}
""")
        self.start(f"--config.file={config}")
        samples = self.scrape()
        self.assertEqual(fault_case.errors(samples, "app", "memory"), {})
        return samples

    def test_where_they_are(self):
        target = self.enterContext(harness.Target("python_target.py", 10))
        target.await_input()
        samples = self.measure(target)
        value = values_of(samples)
        resident = psutil.Process(target.pid).memory_info().rss
        self.assertEqual(value("leak_memory_limit_ratio"),
                         resident / value("leak_memory_limit_bytes"))
        started = samples.get("leak_target_start_time_seconds", target="app",
                              pid=str(target.pid))
        self.assertIsNotNone(started)
        for name in ("oldest", "youngest"):
            self.assertEqual(
                value(f"leak_target_{name}_start_time_seconds"), started)

    def test_in_a_limited_cgroup(self):
        with limited_cgroup() as cgroup, contextlib.ExitStack() as targets:
            if cgroup is None:
                print("NOT COMPARED: no memory cgroup can be made here",
                      file=sys.stderr)
                return
            directory, usage, inactive = cgroup
            shell = ("sh", "-c", 'echo $$ > "$0" && exec "$@"',
                     directory / "cgroup.procs")
            pair = [targets.enter_context(harness.Target(
                "python_target.py", markers, prefix=map(str, shell)))
                for markers in (10, 300_000)]
            for target in pair:
                target.await_input()
            before = in_use(directory, usage, inactive)
            value = values_of(self.measure(*pair))
            after = in_use(directory, usage, inactive)
            self.assertEqual(value("leak_memory_limit_bytes"), LIMIT)
            largest = max(psutil.Process(target.pid).memory_info().rss
                          for target in pair)
            self.assertEqual(value("leak_memory_limit_ratio"), largest / LIMIT)
            # The two stand still; the kernel may yet gather what its CPUs count.
            together = round(value("leak_cgroup_memory_limit_ratio") * LIMIT)
            self.assertLessEqual(min(before, after), together)
            self.assertLessEqual(together, max(before, after))
            # They may not be near to it one by one, but are together.
            self.assertGreater(value("leak_cgroup_memory_limit_ratio"), 0.2)


if __name__ == "__main__":
    fault_case.main()
