"""The interpreters that the heap tests run against: this system's, every pyenv version, and those of
Debian's suites, bootstrapped once into a cache directory (4 to 7 seconds and 130 MB each, as root)."""

import argparse
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

SUITES = collections.OrderedDict([("bullseye", "3.9"), ("trixie", "3.13"), ("forky", "3.14"), ("sid", "3.15")])
STAMP = ".complete"

# `root` is where the interpreter's own paths begin.
Interpreter = collections.namedtuple("Interpreter", "name command root")


def system():
    return [Interpreter("system " + os.path.basename(path), [path], "/")
            for path in sorted(glob.glob("/usr/bin/python3.[0-9]*")) if re.match(r".*/python3\.\d+$", path)]


def pyenv():
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = [path for path in glob.glob(os.path.join(root, "versions", "*", "bin", "python"))]
    return [Interpreter("pyenv " + path.split(os.sep)[-3], [path], "/") for path in sorted(found)]


def debian(cache):
    """Those suites of `cache` that were bootstrapped to the end."""
    found = []
    for suite, version in SUITES.items():
        root = os.path.join(cache, suite)
        if os.path.exists(os.path.join(root, STAMP)):
            command = ["chroot", root, "/usr/bin/python" + version]
            found.append(Interpreter("debian %s %s" % (suite, version), command, root))
    return found


def mirror():
    """Where this machine's own apt takes Debian from."""
    lines = []
    for path in glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*"):
        with open(path) as source:
            lines.extend(source.read().splitlines())
    for line in lines:
        match = re.match(r"(?:URIs:|deb)\s+(?:\[[^]]*\]\s+)?(\S+/debian)/?(\s|$)", line)
        if match:
            return match.group(1)
    raise RuntimeError("no Debian mirror in /etc/apt")


def bootstrap(cache, suites=SUITES):
    """Makes what is missing in `cache`; returns {suite: reason} for what could not be made."""
    failed = {}
    for suite in suites:
        root = os.path.join(cache, suite)
        if os.path.exists(os.path.join(root, STAMP)):
            continue
        shutil.rmtree(root, ignore_errors=True)
        python = "python" + SUITES[suite]
        packages = ["%s-minimal" % python, "lib%s-stdlib" % python]
        try:
            # Release files of the moving suites may be older than they allow.
            subprocess.run(["mmdebstrap", "--quiet", "--variant=extract", "--mode=root",
                            '--aptopt=Acquire::Check-Valid-Until "false"', "--include=" + ",".join(packages),
                            suite, root, mirror()], check=True, timeout=300)
            merge_usr(root)
            open(os.path.join(root, STAMP), "w").close()
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            failed[suite] = str(error)
    return failed


def merge_usr(root):
    """Packages from trixie on take these links for granted; nothing was installed that makes them."""
    for name in ["bin", "sbin", "lib", "lib64"]:
        path = os.path.join(root, name)
        if not os.path.lexists(path):
            os.symlink("usr/" + name, path)


def find(cache=None):
    """Every interpreter there is, and what there is not: with `cache` also those of Debian's suites."""
    found = system() + pyenv()
    missing = [] if pyenv() else ["pyenv's versions (none are installed)"]
    if cache is None:
        return found, missing + ["Debian's %s (no cache directory given)" % ", ".join(SUITES)]
    failed = bootstrap(cache)
    return found + debian(cache), missing + ["%s (%s)" % item for item in failed.items()]


def install(interpreter, sources, name):
    """Puts `sources` where the interpreter can read them; the directory as it sees it, and as we do."""
    if interpreter.root == "/":
        return sources, None
    outside = os.path.join(interpreter.root, "tmp", name)
    os.makedirs(os.path.dirname(outside), exist_ok=True)
    shutil.rmtree(outside, ignore_errors=True)
    shutil.copytree(sources, outside, ignore=shutil.ignore_patterns("__pycache__"))
    return os.path.join("/tmp", name), outside


def check_each(check):
    """main() of a comparison: `check(program, interpreter)` says whether all is well with one. Says also
    which interpreters there were and which not; ends with 1 where one is not well, or none was there."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program", help="what reads the target from outside")
    arguments.add_argument("--debian", metavar="CACHE", help="bootstrap Debian's suites there, and compare with them too")
    given = arguments.parse_args()
    found, missing = find(given.debian)
    good = [check(given.program, interpreter) for interpreter in found]
    print("compared: %s; not: %s" % (", ".join(i.name for i in found), "; ".join(missing) or "nothing"))
    sys.exit(0 if good and all(good) else 1)
