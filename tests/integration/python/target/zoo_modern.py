"""What 3.7 and later have."""

import dataclasses
import enum
import sys
import typing


@dataclasses.dataclass
class Data:
    x: int
    y: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str = "n"


class Colour(enum.Enum):
    RED = 1
    GREEN = [2]


class Number(enum.IntEnum):
    ONE = 1
    LARGE = 2 ** 40


class Bits(enum.Flag):
    A = 1
    B = 2


class IntBits(enum.IntFlag):
    A = 1
    B = 2


T = typing.TypeVar("T")


class Box(typing.Generic[T]):
    pass


class Named(typing.NamedTuple):
    a: int
    b: str = "b"


def recent():
    if sys.version_info >= (3, 10):
        made = {}
        exec("@dataclasses.dataclass(slots=True)\nclass Slots:\n    a: int = 1\n    b: list = None\n",
             {"dataclasses": dataclasses, "__name__": __name__}, made)
        yield [made["Slots"]() for _ in range(5)]
    if sys.version_info >= (3, 12):
        made = {}
        exec("type Alias[X] = list[X]\nclass Typed[Y]:\n    def method[Z](self, z: Z) -> Y: pass\ndef f[W, *V, **P](w: W): pass\n",
             made)
        yield made["Alias"], made["Alias"][int], made["Typed"][int](), made["f"]
    if sys.version_info >= (3, 14):
        made = {}
        exec("name = 'x'\nshown = t'a {name!r:>5} b'\n", made)
        yield made["shown"], list(made["shown"])
        exec("def annotated(a: undefined, b: int) -> list[int]: pass\n", made)
        yield made["annotated"]


def build(samples):
    held = [Data(1), Data(2, [3]), Frozen(), list(Colour), list(Number), list(Bits), Bits.A | Bits.B, list(IntBits), Box[int](),
            Box[int], Box, Named(1), typing.List[int], typing.Optional[str], typing.Union[int, str], typing.Callable[[int], str]]
    samples.append(Named(1))
    return [held, list(recent())]
