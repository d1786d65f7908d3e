"""Renders the oracle's samples from outside, and compares with repr(sample)[:100].

usage: compare_reprs.py INSPECT_OBJECTS [--debian CACHE]
"""

import re
import subprocess
import sys

import interpreters
import oracle

# C types with a repr of their own that is not imitated: they are shown as any other object is.
PLAIN = re.compile(r"""<(class|type)\ '(
    super | operator\..* | odict_keys | types\.(GenericAlias|UnionType) | typing\.Union
  | wrapper_descriptor                    # 3.15 leaves out whose, for object's own
  | file | sys\..*           # 2.7's
)'>""", re.VERBOSE)
# Samples that hold one of them within the first 100 characters.
HOLDING = re.compile(r".*<(open\ file|file\ object)\ .*")


def escaped(text):
    """As target/census.py writes it."""
    return text.encode("unicode_escape").decode("ascii").replace("\\\\", "\\x5c").replace("\t", "\\t")


def rendered(inspect, target):
    addresses = "\n".join(str(address) for address in target.census.reprs)
    answer = subprocess.run([inspect, str(target.pid), target.census.version, "repr"], input=addresses.encode(),
                            stdout=subprocess.PIPE, check=True, timeout=300)
    for line in answer.stdout.decode().split("\n")[:-1]:
        address, shown = line.split("\t", 1)
        yield int(address), escaped(shown)


def check(inspect, interpreter):
    wrong = []
    with oracle.Target(interpreter) as target:
        reprs = target.census.reprs
        for address, shown in rendered(inspect, target):
            expected = reprs[address]
            if shown != expected.repr and not (PLAIN.fullmatch(expected.type_repr) or HOLDING.match(expected.repr)):
                wrong.append((address, expected, shown))
    print("%s: %d reprs, %d differ that are imitated" % (target.census.version, len(reprs), len(wrong)))
    for address, expected, shown in wrong:
        print("   0x%x %s\n      ours   %s\n      theirs %s" % (address, expected.type_repr, shown, expected.repr))
    sys.stdout.flush()
    return not wrong


if __name__ == "__main__":
    interpreters.check_each(check)
