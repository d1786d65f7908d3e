"""Some of every kind of object that the standard library has, each held by STAGE."""

import sys

import zoo_builtins
import zoo_classes
import zoo_library

STAGE = []


def build(plain_objects):
    """Fills STAGE; returns the objects whose repr is to be compared."""
    samples = []
    for module in [zoo_builtins, zoo_classes, zoo_library]:
        STAGE.append(module.build(samples))
    if sys.version_info >= (3, 6):
        import zoo_coroutines
        STAGE.append(zoo_coroutines.build(samples))
    if sys.version_info >= (3, 7):
        import zoo_modern
        STAGE.append(zoo_modern.build(samples))
    STAGE.append([{"number": i, "text": [str(i)]} for i in range(plain_objects)])
    return samples
