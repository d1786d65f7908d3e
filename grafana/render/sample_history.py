#!/usr/bin/env python3
"""Prints seven hours of metrics, up to now, of three applications on two
hosts, for `promtool tsdb create-blocks-from openmetrics`: the analyzer leaks
in every way, the others are well. The pictures in the README show it."""

import argparse
import collections
import math
import random
import time

STEP_SECONDS = 30
WANDER_SECONDS = 600
HOURS = 7
MB = 1 << 20
GB = 1 << 30

CLASSES = {"dict": (61000, 240), "function": (38500, 160),
           "tuple": (35200, 64), "list": (19800, 104), "cell": (9100, 40),
           "type": (5600, 1450), "getset_descriptor": (5300, 72),
           "builtin_function_or_method": (4900, 72), "set": (3900, 220),
           "module": (1240, 72), "(other)": (14800, 110)}
UNTRACKED = {"str": (184000, 78), "bytes": (21000, 420), "int": (52000, 30),
             "float": (9400, 24), "code": (31000, 190)}
COLLECTORS = {"process_tree": 0.0004, "memory": 0.0011, "open_files": 0.0019,
              "memory_map": 0.0024, "disk_usage": 0.21, "python_heap": 0.34}


class History:
    def __init__(self, end, seed):
        self.random = random.Random(seed)
        self.families = collections.defaultdict(list)
        self.start = end - HOURS * 3600
        self.times = range(self.start, end + 1, STEP_SECONDS)

    def add(self, name, labels, value, metric_type="gauge"):
        """A series; `value` says what it is so many seconds after the
        beginning, or None where it does not exist."""
        suffix = {"counter": "_total", "info": "_info"}.get(metric_type, "")
        family = name.removesuffix(suffix)
        text = ",".join(f'{key}="{one}"' for key, one in labels.items())
        for moment in self.times:
            number = value(moment - self.start)
            if number is not None:
                self.families[family, metric_type].append(
                    f"{name}{{{text}}} {number:.10g} {moment}")

    def text(self):
        for (family, metric_type), lines in self.families.items():
            yield f"# TYPE {family} {metric_type}"
            yield from lines
        yield "# EOF"

    def wander(self, spread):
        """Within ±spread, straight from one random level to the next."""
        levels = [self.random.uniform(-spread, spread)
                  for _ in range(HOURS * 3600 // WANDER_SECONDS + 2)]

        def at(seconds):
            index, rest = divmod(seconds, WANDER_SECONDS)
            part = rest / WANDER_SECONDS
            return levels[index] * (1 - part) + levels[index + 1] * part
        return at

    def around(self, level, spread=0.01):
        wander = self.wander(spread)
        return lambda seconds: level * (1 + wander(seconds))

    def whole(self, level, spread):
        wander = self.wander(spread)
        return lambda seconds: max(0, round(level + wander(seconds)))


def sawtooth(seconds, period):
    return seconds % period / period


class Application:
    """The series of one target. `leak` scales what is never given back."""

    def __init__(self, history, instance, target, pid, leak, megabytes):
        self.history = history
        self.labels = {"job": "leak_exporter", "instance": instance,
                       "target": target}
        self.pid, self.leak, self.megabytes = pid, leak, megabytes
        self.noise = history.wander(3)
        self.born = history.start - 31 * 3600 - pid

    def add(self, name, value, metric_type="gauge", **labels):
        self.history.add(name, self.labels | labels, value, metric_type)

    def write(self):
        self.identity()
        self.memory()
        self.children()
        self.files()
        self.disk()
        self.heap()
        self.collectors()

    def identity(self):
        self.add("leak_target_processes", lambda _: 1)
        self.add("leak_target_start_time_seconds", lambda _: self.born,
                 pid=self.pid)
        self.add("leak_memory_limit_bytes", lambda _: 2 * GB)
        self.add("leak_memory_limit_ratio", lambda seconds:
                 (self.anonymous(seconds) + 71 * MB) / (2 * GB))
        self.add("leak_threads", self.history.whole(14, 1), scope="main")
        self.add("leak_threads", self.history.whole(6, 2), scope="children")

    def anonymous(self, seconds):
        """Work comes and goes in 40 minutes; the leak stays."""
        work = 0.16 * self.megabytes * sawtooth(seconds + self.pid, 2400)
        kept = self.leak * 34 * seconds / 3600
        return (self.megabytes + work + kept + self.noise(seconds)) * MB

    def memory(self):
        near = self.history.around
        self.add("leak_anonymous_memory_bytes", self.anonymous, scope="main")
        self.add("leak_resident_memory_bytes",
                 lambda seconds: self.anonymous(seconds) + 71 * MB,
                 scope="main")
        self.add("leak_file_memory_bytes", near(68 * MB), scope="main")
        self.add("leak_shared_memory_bytes", near(3 * MB), scope="main")
        self.add("leak_swap_bytes", lambda _: 0, scope="main")
        self.add("leak_resident_memory_bytes", near(120 * MB, 0.2),
                 scope="children")
        self.add("leak_anonymous_memory_bytes", near(60 * MB, 0.2),
                 scope="children")
        for mapping, size in (("[heap]", 88 * MB), ("(other)", 9 * MB),
                              ("/usr/lib/x86_64-linux-gnu/libc.so.6",
                               1.9 * MB)):
            self.add("leak_mapping_bytes", lambda _, size=size: size,
                     mapping=mapping)
        self.add("leak_mapping_bytes", self.anonymous, mapping="anon")
        self.add("leak_mappings", lambda seconds: round(
            410 + self.leak * seconds / 90), scope="main")
        self.add("leak_mappings", self.history.whole(122, 4),
                 scope="children")
        for scope in ("main", "children"):
            self.add("leak_mappings_limit", lambda _: 65530, scope=scope)

    def zombies(self, seconds):
        return int(self.leak * max(0, seconds - 9000) // 1500)

    def children(self):
        whole = self.history.whole
        for state, value in (("running", whole(1, 1)),
                             ("sleeping", whole(6, 2)),
                             ("disk_sleep", lambda _: 0),
                             ("stopped", lambda _: 0),
                             ("zombie", self.zombies)):
            self.add("leak_child_processes", value, state=state)
        self.add("leak_child_oldest_age_seconds", self.oldest_child)
        for index in range(5):
            self.add("leak_child_age_seconds",
                     lambda seconds, index=index:
                     self.oldest_child(seconds) / (index + 1),
                     pid=self.pid + 210 + 4 * index, comm="worker",
                     state="sleeping")
        for index in range(self.zombies(HOURS * 3600)):
            since = 9000 + 1500 * (index + 1)
            pid = self.pid + 40 + 7 * index
            self.add("leak_child_age_seconds", self.age(since - 240),
                     pid=pid, comm="git", state="zombie")
            self.add("leak_zombie_unreaped_seconds", self.age(since), pid=pid)
        self.add("leak_zombie_oldest_age_seconds", lambda seconds:
                 self.age(10260)(seconds) if self.zombies(seconds) else None)

    @staticmethod
    def age(since):
        return lambda seconds: seconds - since if seconds >= since else None

    def oldest_child(self, seconds):
        if self.leak:
            return seconds + 600
        return 60 + 900 * sawtooth(seconds + self.pid, 1500)

    def files(self):
        whole = self.history.whole
        for scope, sockets in (("main", 48), ("children", 9)):
            self.add("leak_open_files", whole(sockets, 4), scope=scope,
                     kind="socket")
            self.add("leak_open_files", whole(12, 2), scope=scope,
                     kind="pipe")
            self.add("leak_open_files", lambda _: 6, scope=scope,
                     kind="device")
            self.add("leak_open_files_limit", lambda _: 1024, scope=scope)
            self.add("leak_open_files_limit_ratio",
                     self.history.around(sockets / 640, 0.05), scope=scope)
        self.add("leak_open_files", lambda seconds: round(
            20 + self.leak * seconds / 120), scope="main", kind="file")
        self.add("leak_open_files", lambda seconds: int(
            self.leak * seconds // 3000), scope="main", kind="deleted_file")
        self.add("leak_deleted_file_bytes", lambda seconds: 18 * MB * int(
            self.leak * seconds // 3000), scope="main")

    def disk(self):
        path = f"/var/cache/{self.labels['target']}/repositories"

        def size(seconds):
            return (1.4 * GB + self.leak * 45 * MB * (seconds // 1800)
                    + 90 * MB * sawtooth(seconds + self.pid, 5400))
        self.add("leak_repository_cache_bytes", size, path=path)
        self.add("leak_repository_cache_allocated_bytes",
                 lambda seconds: size(seconds) * 1.06, path=path)
        self.add("leak_repository_cache_files", lambda seconds: round(
            size(seconds) / 21000), path=path)
        self.add("leak_temporary_directories", lambda _: 4)
        for index, rate in enumerate((self.leak * 140, 4, 2, 1)):
            self.add("leak_temporary_directory_bytes",
                     lambda seconds, rate=rate, index=index:
                     (12 + rate * seconds / 3600 if rate > 9 else
                      8 + rate * 9 * sawtooth(seconds, 1800 + 300 * index))
                     * MB, pid=self.pid + 210 + 4 * index,
                     path=f"/tmp/work-{(self.pid * 7919 + index) % 65521:x}")

    def heap(self):
        self.add("leak_python_info", lambda _: 1, "info", pid=self.pid,
                 version="3.11.2")
        self.add_sum("leak_python_interpreters", lambda _: 1)
        self.add_sum("leak_python_processes_unread", lambda _: 0)
        self.add_sum("leak_python_oldest_walk_timestamp_seconds",
                     lambda seconds: self.history.start + seconds - 12)
        self.add_sum("leak_python_process_objects",
                     lambda seconds: 61_000 + self.leaked_objects(seconds),
                     pid=self.pid)
        self.types("leak_python_object", CLASSES)
        self.types("leak_python_untracked_object", UNTRACKED)
        leaked = "app.session.Session"
        count = self.leaked_objects
        self.add_sum("leak_python_objects", count, **{"class": leaked})
        self.add_sum("leak_python_object_bytes",
                     lambda seconds: 56 * count(seconds), **{"class": leaked})
        self.add_sum("leak_python_arena_bytes",
                     lambda seconds: self.anonymous(seconds) * 0.8)
        self.add_sum("leak_python_arena_used_bytes",
                     lambda seconds: self.anonymous(seconds) * 0.7)
        for generation, often in (("0", 0.9), ("1", 0.08), ("2", 0.006)):
            for name, factor in (("collections", 1), ("collected_objects",
                                                      130),
                                 ("uncollectable_objects", 0)):
                self.add_sum(f"leak_python_gc_{name}_total",
                             lambda seconds, factor=factor, often=often:
                             math.floor(often * factor * (
                                 seconds + 60 * math.sin(seconds / 1700))),
                             "counter", generation=generation)
        self.add_sum("leak_python_modules", lambda _: 742)
        self.add_sum("leak_python_walk_duration_seconds",
                     self.history.around(0.31, 0.06))
        self.add_sum("leak_python_walk_complete", lambda _: 1)

    def add_sum(self, name, value, kind="gauge", **labels):
        """One of the families that are summed over the interpreters."""
        self.add(name, value, kind, scope="main", **labels)

    def leaked_objects(self, seconds):
        return math.floor(400 + self.leak * 5.6 * seconds
                          + 20 * self.noise(seconds))

    def types(self, stem, classes):
        """Each is full of garbage until the collector comes; two belong to
        what the leaked objects hold."""
        for name, (count, size) in classes.items():
            held = self.leak if name in ("dict", "list", "str") else 0
            period = 900 + 120 * (count % 7)

            def objects(seconds, count=count, held=held, period=period):
                return math.floor(
                    count * (1 + 0.12 * sawtooth(seconds + self.pid, period))
                    + held * 1.9 * seconds)
            self.add_sum(stem + "s", objects, **{"class": name})
            self.add_sum(stem + "_bytes", lambda seconds, objects=objects,
                         size=size: size * objects(seconds), **{"class": name})

    def collectors(self):
        for name, duration in COLLECTORS.items():
            interval = 300 if name in ("disk_usage", "python_heap") else 30
            self.add("leak_scrape_collector_success", lambda _: 1,
                     collector=name)
            self.add("leak_scrape_collector_duration_seconds",
                     self.history.around(duration, 0.15), collector=name)
            self.add("leak_scrape_collector_timestamp_seconds",
                     lambda seconds, interval=interval: self.history.start
                     + seconds // interval * interval, collector=name)


def write_exporter(history, instance):
    labels = {"job": "leak_exporter", "instance": instance}
    history.add("up", labels, lambda _: 1)
    history.add("scrape_duration_seconds", labels,
                history.around(0.006, 0.3))
    history.add("scrape_samples_scraped", labels, lambda _: 214)
    history.add("leak_exporter_build_info", labels | {
        "version": "0.1.0", "revision": "0123456789ab",
        "compiler": "GCC 12.2.0"}, lambda _: 1, "info")
    history.add("leak_exporter_config_last_reload_successful", labels,
                lambda _: 1)
    history.add("process_cpu_seconds_total", labels,
                lambda seconds: 0.002 * seconds, "counter")
    history.add("process_resident_memory_bytes", labels,
                history.around(13 * MB, 0.02))
    history.add("process_open_fds", labels, history.whole(17, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--end", type=int, default=int(time.time()),
                        help="Unix time of the last sample")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    history = History(arguments.end, arguments.seed)
    for instance, target, pid, leak, megabytes in (
            ("web-1:10042", "analyzer", 4306, 1, 310),
            ("web-1:10042", "indexer", 4388, 0, 240),
            ("web-2:10042", "frontend", 2917, 0.06, 420)):
        Application(history, instance, target, pid, leak, megabytes).write()
    for instance in ("web-1:10042", "web-2:10042"):
        write_exporter(history, instance)
    print(*history.text(), sep="\n")


if __name__ == "__main__":
    main()
