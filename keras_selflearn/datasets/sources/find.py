"""Tell what `--images` means: shards, a folder behind an address, or a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Union

from keras_selflearn.datasets.address import Address
from keras_selflearn.datasets.image_files.in_parallel import Encoded
from keras_selflearn.datasets.image_files.reading import SUFFIXES
from keras_selflearn.datasets.listing import Listing, list_walk
from keras_selflearn.datasets.sources.files import (
    Files,
    Found,
    LocalFiles,
    local_files,
    local_shards,
)
from keras_selflearn.datasets.sources.listed import Listed
from keras_selflearn.datasets.sources.parquet import check_parquet
from keras_selflearn.datasets.sources.parquet_process import read_apart
from keras_selflearn.datasets.sources.patterns import PARQUET, is_shard, is_test
from keras_selflearn.datasets.sources.piece import Piece, Report
from keras_selflearn.datasets.sources.remote_files import RemoteFiles
from keras_selflearn.datasets.sources.tar import read_tar
from keras_selflearn.datasets.walk import Walk

_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*(://|::)")
# So many images of a folder are read at once on average, and at most.
_IMAGES, _MOST_IMAGES = 256, 2048


@dataclass(frozen=True)
class Shards:
    """Files that hold many images each.

    Attributes
    ----------
    address : Address
    threads : int
        How many images are fetched at a time.
    """

    address: Address
    files: Files
    shards: tuple[Found, ...]
    threads: int = 0

    def pieces(self, *, has_table: bool = False) -> list[Piece]:
        """One for each shard. With a table of labels all of them hold training images."""
        return [
            Piece(
                shard.identity,
                "test" if is_test(shard.name) and not has_table else "train",
                partial(_read_shard, self.files, shard),
            )
            for shard in self.shards
        ]

    def images(self, report: Report) -> Iterator[Encoded]:
        """Give all images, one after the other. At the end a warning counts what is left out."""
        for shard in self.shards:
            yield from _read_shard(self.files, shard, report)
        report.left_out.warn(self.address)


@dataclass(frozen=True)
class Folder:
    """A folder of image files behind an address.

    Attributes
    ----------
    address : Address
    threads : int
        How many images are fetched at a time.
    """

    address: Address
    files: Files
    found: dict[str, Found]
    threads: int = 16

    def walk(self) -> Walk:
        """A walk through the folder, as through one of this machine."""
        return Walk(Listed(self.address, self.found))

    def listing(self, labels_csv: Path | None, corrections: Path | None) -> Listing:
        """List the images and their labels; see `list_folder`."""
        return list_walk(self.address, self.walk(), labels_csv, corrections)

    def pieces(self, listing: Listing) -> list[Piece]:
        """Cut the images of a listing, in their order, into pieces."""
        parts = {"train": listing.paths, "test": listing.test_paths}
        return [
            Piece(
                repr([self.found[name].identity for name in names]),
                part,
                partial(self._read, names),
            )
            for part, paths in parts.items()
            for names in cut(paths)
        ]

    def images(self, report: Report) -> Iterator[Encoded]:
        """Give all images, one after the other. At the end a warning counts what is left out."""
        walk = self.walk()
        yield from self._read(walk.find(self.address), report)
        walk.left_out.warn(self.address)

    def _read(self, names: Iterable[str], report: Report) -> Iterator[Encoded]:
        for name in names:
            found = self.found[name]
            yield Encoded(name, found.size or 0, partial(self._content, found, report))

    def _content(self, found: Found, report: Report) -> bytes:
        try:
            return self.files.content(found)
        except ValueError:
            report.again = True
            raise


Source = Union[Shards, Folder]


def find_source(images: str | os.PathLike) -> Source | None:
    """Find the images that a path, a pattern or an address means. None is opened.

    Parameters
    ----------
    images : str or path
        An address that fsspec knows; a `.tar`, `.tar.gz`, `.tgz` or `.parquet` file, or a pattern
        of such files with `*`, `?`, `{000..009}` or `{a,b}`; or a folder that holds such files and
        no image.

    Returns
    -------
    Shards, Folder or None
        None for what is none of these: a folder of images of this machine, or one image.

    Raises
    ------
    InputError
        When a shard is not there, an address can't be reached, or a package is missing.
    """
    text = os.fspath(images)
    if is_address(text):
        return _at_address(text)
    path = os.path.expanduser(text)
    if os.path.isdir(path):
        shards = local_files(path, _shards_below(path))
        return _shards(path, LocalFiles(), shards) if shards else None
    if is_shard(path):
        return _shards(path, LocalFiles(), local_shards(path))
    return None


def is_address(images: str) -> bool:
    """Whether it is an address for fsspec, and no path of this machine."""
    return _ADDRESS.match(images) is not None and "://" in images


def folder_of_this_machine(images: str) -> Path | None:
    """Give the folder that a path or a `file:` address means, None for all other addresses."""
    if not is_address(images):
        return Path(images).expanduser()
    protocol, path = images.split("://", 1)
    return Path(path) if protocol in ("file", "local") else None


def cut(paths: Sequence[str]) -> Iterator[list[str]]:
    """Cut a list into pieces where its paths say so: a new path changes only one piece."""
    piece: list[str] = []
    for path in paths:
        piece.append(path)
        is_end = zlib.crc32(path.encode("utf-8", "surrogateescape")) % _IMAGES == 0
        if is_end or len(piece) == _MOST_IMAGES:
            yield piece
            piece = []
    if piece:
        yield piece


def _at_address(text: str) -> Source:
    files = RemoteFiles(text)
    address = Address(text if text.endswith("://") else text.rstrip("/"))
    if is_shard(text):
        return _shards(str(address), files, files.shards())
    found = files.find()
    visible = [each for each in found if not re.search(r"(^|/)\.", each.name)]
    shards = [each for each in visible if is_shard(each.name)]
    if shards and not any(each.name.lower().endswith(SUFFIXES) for each in visible):
        return _shards(str(address), files, shards)
    return Folder(address, files, {each.name: each for each in found})


def _shards(address: str, files: Files, shards: Sequence[Found]) -> Shards:
    if any(each.name.lower().endswith(PARQUET) for each in shards):
        check_parquet()
    return Shards(Address(address), files, tuple(shards))


def _shards_below(folder: str) -> list[str]:
    """The shards in a folder of this machine, sorted; none if there is an image, too."""
    shards = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith("."):
                continue
            if name.lower().endswith(SUFFIXES):
                return []
            if is_shard(name):
                shards.append(os.path.join(here, name))
    return sorted(shards)


def _read_shard(files: Files, shard: Found, report: Report) -> Iterator[Encoded]:
    """Give the images of a shard. Where it is damaged, the others are left out with the reason."""
    number = 0
    file = None
    try:
        file = files.open(shard)
        read = read_apart if shard.name.lower().endswith(PARQUET) else read_tar
        for image in read(file, shard.name, report):
            number += 1
            yield image
    except Exception as error:  # Each library raises its own.
        if file is None or files.failed(file):
            report.again = True
        after = f"all after the first {number:,}" if number else "all"
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        report.on_skip(shard.name, f"{reason}: {after} of its images are left out")
    finally:
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
