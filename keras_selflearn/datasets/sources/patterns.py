"""Names of shards, and patterns that stand for many of them."""

from __future__ import annotations

import itertools
import re

from keras_selflearn.console.errors import InputError

TAR, PARQUET = (".tar", ".tar.gz", ".tgz"), (".parquet",)
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)", re.ASCII)
_WILD = re.compile(r"[*?\[]")
_MOST = 100_000


def is_shard(name: str) -> bool:
    """Whether a file of this name holds many images."""
    return name.lower().endswith((*TAR, *PARQUET))


def is_test(name: str) -> bool:
    """Whether a shard holds test images, by its path below the address.

    Its own name begins with `test`, or one of its folders is called so.
    """
    *folders, own = name.lower().split("/")
    return own.startswith("test") or "test" in folders


def is_wild(path: str) -> bool:
    """Whether a path stands for all files that match it."""
    return _WILD.search(path) is not None


def fixed_part(pattern: str) -> str:
    """Give the folder that all paths of a pattern begin with, with a slash at its end."""
    first = re.search(r"[*?\[{]", pattern)
    fixed = pattern[: first.start()] if first else pattern
    return fixed[: fixed.rfind("/") + 1]


def expanded(pattern: str) -> list[str]:
    """Write `{000..009}` and `{a,b}` out, as a shell does. Other braces stay as they are.

    Raises
    ------
    InputError
        When it stands for more than 100,000 paths.
    """
    pieces, place, number = list[list[str]](), 0, 1
    for braces in _BRACES.finditer(pattern):
        choices = _choices(braces[1], pattern)
        number *= len(choices)
        if number > _MOST:
            raise _too_many(pattern)
        pieces += [[pattern[place : braces.start()]], choices]
        place = braces.end()
    return ["".join(each) for each in itertools.product(*pieces, [pattern[place:]])]


def _choices(inside: str, pattern: str) -> list[str]:
    found = _RANGE.fullmatch(inside)
    if found:
        first, last = found.groups()
        if int(last) - int(first) >= _MOST:
            raise _too_many(pattern)
        # Zeros before the first number make all of them as long.
        width = max(map(len, found.groups())) if first[0] == "0" or last[0] == "0" else 0
        return [f"{each:0{width}d}" for each in range(int(first), int(last) + 1)]
    return inside.split(",") if "," in inside else [f"{{{inside}}}"]


def _too_many(pattern: str) -> InputError:
    return InputError(f"{pattern} stands for more than {_MOST:,} shards: give fewer.")
