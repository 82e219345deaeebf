"""Folders of copies, one for each class. A class may have any name."""

from __future__ import annotations

import errno
import itertools
import re
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from keras_selflearn.storage.names import cut_to_bytes

# What Windows, the strictest of the systems, has in no name, and what it keeps for devices.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_INVISIBLE = ("Cc", "Cs", "Zl", "Zp")
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE
)
# File systems take 255; the rest is for a number, and for long paths.
_MOST_BYTES = 150
# Python makes and removes folders within one another by calls within one another.
_DEEPEST = 200


def class_folders(classes: Sequence[str]) -> list[str]:
    """Give each class a folder name that is close to its own and valid on every system.

    No two names are equal, even if case and the encoding of accents are ignored. No name is empty
    or hidden, or leads out of its folder.
    """
    safe = [_safe(name) for name in classes]
    wanted = {_key(name) for name in safe}
    used: set[str] = set()
    names = []
    for name in safe:
        if _key(name) in used:
            numbered = (f"{name}-{number}" for number in itertools.count(2))
            name = next(each for each in numbered if _key(each) not in wanted | used)
        used.add(_key(name))
        names.append(name)
    return names


def copy_picture(source: Path, folder: Path, path: str) -> None:
    """Copy `source` to `path` below `folder`. Add a number if the name is taken.

    Raises
    ------
    ValueError
        With the reason, when `source` can't be read any more, or the path is too long or too deep
        for a copy.
    OSError
        When the copy can't be written.
    """
    try:
        original = source.open("rb")
    except OSError as error:
        raise ValueError(str(error)) from error
    target = folder / path
    with original:
        if path.count("/") > _DEEPEST:
            raise ValueError(f"it lies in more than {_DEEPEST} folders within one another")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = _new_file(target)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise ValueError(f"its copy would have too long a path: {error}") from error
            raise
        with copy:
            shutil.copyfileobj(original, copy)


def _new_file(path: Path) -> BinaryIO:
    # Names that differ here may be the same on the disk that the copies go to.
    number = 1
    name = path.name
    while True:
        try:
            return path.with_name(name).open("xb")
        except FileExistsError:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"


def _safe(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    name = "".join("_" if unicodedata.category(each) in _INVISIBLE else each for each in name)
    name = _FORBIDDEN.sub("_", name).strip(" ").rstrip(". ")
    if name.startswith("."):
        name = "_" + name[1:]
    if _DEVICES.match(name):
        name = "_" + name
    name = cut_to_bytes(name, _MOST_BYTES)
    return name.rstrip(". ") or "_"


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())
