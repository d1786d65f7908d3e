"""Starts the oracle target under an interpreter and reads the census that it writes of itself."""

import collections
import os
import shutil
import subprocess
import time

import interpreters

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE_SECONDS = 60
READ_CALLS = {"x86_64": "0", "aarch64": "63"}

Object = collections.namedtuple("Object", "type size references")
Type = collections.namedtuple("Type", "name number size references")
Row = collections.namedtuple("Row", "number address type_repr repr")
Repr = collections.namedtuple("Repr", "type_repr repr")


class Census(object):
    """What the target said: see target/census.py for the lines."""

    def __init__(self, lines):
        self.version = None
        self.process = None
        self.modules = None
        self.frozen = None
        self.interned = None
        self.generations = []
        self.types = {}
        self.objects = {}
        self.refs = []
        self.bytes = []
        self.reprs = {}
        for line in lines:
            fields = line.split("\t")
            getattr(self, "_" + fields[0])(*fields[1:])

    def _version(self, text):
        self.version = text

    def _process(self, pid):
        self.process = int(pid)

    def _modules(self, number):
        self.modules = int(number)

    def _frozen(self, number):
        self.frozen = int(number)

    def _interned(self, address):
        self.interned = int(address)

    def _generation(self, number, collections_, collected, uncollectable):
        self.generations.append((int(number), int(collections_), int(collected), int(uncollectable)))

    def _type(self, address, name, number, size, references):
        self.types[int(address)] = Type(name, int(number), int(size), int(references))

    def _object(self, address, type_, size, references):
        self.objects[int(address)] = Object(int(type_), int(size), int(references))

    def _refs(self, number, address, type_repr, shown):
        self.refs.append(Row(int(number), int(address), type_repr, shown))

    def _bytes(self, number, address, type_repr, shown):
        self.bytes.append(Row(int(number), int(address), type_repr, shown))

    def _repr(self, address, type_repr, shown):
        self.reprs[int(address)] = Repr(type_repr, shown)


class Target(object):
    """A waiting oracle; use it in a with statement. `pid` is the process that took the census."""

    def __init__(self, interpreter, plain_objects=0, script="main.py"):
        self.interpreter = interpreter
        folder, self._copy = interpreters.install(interpreter, os.path.join(HERE, "target"),
                                                  "leak_exporter_oracle.%d" % os.getpid())
        command = interpreter.command + ["-B", "-s", "-E", os.path.join(folder, script), str(plain_objects)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
        self.pid = self._process.pid
        self.census = None

    def __enter__(self):
        lines = []
        for line in self._process.stdout:
            text = line.decode("ascii").rstrip("\n")
            if text == "end":
                self.census = Census(lines)
                self.pid = self.census.process
                self._wait_until_blocked()
                return self
            lines.append(text)
        self.__exit__()
        raise AssertionError("%s ended before its census did" % self.interpreter.name)

    def _wait_until_blocked(self):
        """Its last line is written some instructions before it waits in read(0, ...)."""
        wanted = [READ_CALLS[os.uname().machine], "0x0"]
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            with open("/proc/%d/syscall" % self.pid) as file:
                if file.read().split()[:2] == wanted:
                    return
            os.sched_yield()
        raise AssertionError("%s does not wait" % self.interpreter.name)

    def __exit__(self, *unused):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(DEADLINE_SECONDS)
        if self._copy:
            shutil.rmtree(self._copy)
