"""Walks applications of Debian's packages as compare_heap.py walks the oracle: Django, gunicorn, numpy with
pandas. Counts of types are equal; so are bytes, but for the types below, which have none.

usage: compare_applications.py MEASURE_HEAP
Ends with 1 where a package is missing, too.
"""

import importlib.util
import re
import sys
import time

import compare_heap
import interpreters
import oracle

# What is imported, and the Debian package it comes in.
APPLICATIONS = {
    "application_django.py": [("django", "python3-django")],
    "application_gunicorn.py": [("gunicorn", "gunicorn")],
    "application_pandas.py": [("numpy", "python3-numpy"), ("pandas", "python3-pandas")],
}
# pandas adds what numpy's arrays hold.
UNSIZED = re.compile(compare_heap.UNSIZED.pattern + r"|pandas\.(_libs|core)\..*")
PYTHON = interpreters.Interpreter("Debian's python3", ["/usr/bin/python3"], "/")


def missing_packages(imports):
    return [package for module, package in imports if importlib.util.find_spec(module) is None]


def check(program, script, imports):
    """Whether all is well with one application; says what is not."""
    missing = missing_packages(imports)
    if missing:
        print("%s: not compared, these packages are missing: %s (deploy/install-dependencies test)" % (
            script, ", ".join(missing)))
        return False
    begin = time.monotonic()
    with oracle.Target(PYTHON, script=script) as target:
        census = target.census
        walk = compare_heap.Walk(program, target.pid)
    wrong = list(compare_heap.wrong_types(walk, census, UNSIZED))
    over = sum(walk.types.values()) - len(census.objects)
    print("%s: %d objects of %d types, %d too many; %d types without bytes; %d differences (%.1f s)" % (
        script, len(census.objects), len(census.types), over, len(walk.unsized), len(wrong), time.monotonic() - begin))
    for text in wrong:
        print("   " + text)
    sys.stdout.flush()
    return not wrong


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    good = [check(sys.argv[1], script, imports) for script, imports in APPLICATIONS.items()]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
