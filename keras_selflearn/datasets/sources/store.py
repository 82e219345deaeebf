"""Decode images piece by piece into one store. A killed process leaves the pieces it has done."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from tqdm import tqdm

from keras_selflearn.console.log import printable
from keras_selflearn.console.screen import standard_error
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.address import Place
from keras_selflearn.datasets.damaged import check_damaged
from keras_selflearn.datasets.image_files.in_parallel import decode_encoded
from keras_selflearn.datasets.sources.journal import JOURNAL, PARTS, Done, Store, Writer
from keras_selflearn.datasets.sources.patterns import is_shard
from keras_selflearn.datasets.sources.piece import Piece, Report
from keras_selflearn.storage.lock import LOCK, Held, is_locked, lock

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Job:
    """What is to be decoded, and where to.

    Attributes
    ----------
    cache_dir : Path
    name : str
        What the folders of all stores of these images begin with.
    pieces : sequence of Piece
    image_size : int
    place : Path or Address
        Of the images, for people.
    threads : int
        See `decode_encoded`.
    """

    cache_dir: Path
    name: str
    pieces: Sequence[Piece]
    image_size: int
    place: Place
    threads: int


def make_store(job: Job) -> Store:
    """Give the store with all pieces. Decode those that no store has yet.

    Raises
    ------
    InputError
        When more than a tenth of the images are damaged. What is decoded stays.
    OSError
        When the disk is full or can't be written.
    """
    key = hashlib.sha256(repr([(each.identity, each.part) for each in job.pieces]).encode())
    folder = job.cache_dir / f"{job.name}{key.hexdigest()[:16]}"
    unfinished = job.cache_dir / f"{job.name}unfinished"
    while not folder.is_dir():
        unfinished.mkdir(parents=True, exist_ok=True)
        try:
            with lock(unfinished):
                if not folder.is_dir():
                    return Store(_make(job, unfinished, folder), job.image_size)
        except Held:
            _LOG.info("Waiting for another process that decodes %s", printable(job.place))
            while is_locked(unfinished):
                check_for_stop()
                time.sleep(_SECONDS_BETWEEN_LOOKS)
    return Store(folder, job.image_size)


def _make(job: Job, unfinished: Path, folder: Path) -> Path:
    """Fill the unfinished store, and give it its name."""
    kept = _kept(job, unfinished)
    stores = [each for each in job.cache_dir.glob(f"{job.name}*") if each != unfinished]
    earlier = [Store(each, job.image_size) for each in sorted(stores)]
    screen = standard_error()
    if not screen.isatty():
        here = f", {len(kept):,} of {len(job.pieces):,} parts are there" if kept else ""
        _LOG.info("Decoding the images of %s, once%s", printable(job.place), here)
    writer = Writer(unfinished, job.image_size, kept)
    bar = tqdm(desc="decoding", unit=" images", leave=False, disable=None, file=screen)
    with contextlib.closing(writer), bar:
        for piece in job.pieces[len(kept) :]:
            writer.add(_copied(piece, earlier, writer) or _decoded(job, piece, writer, bar))
        # A damaged shard stands for images that nobody can count.
        damaged = [each for one in writer.done for each in one.skipped if not is_shard(each[0])]
        number = sum(len(one.names) + len(one.skipped) for one in writer.done)
        check_damaged(damaged, number, job.place, job.cache_dir)
        writer.finish()
    if any(each.again for each in writer.done):
        # It is not found under this name next time, and so what failed is read again.
        folder = folder.with_name(f"{folder.name}-again")
        shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    with contextlib.suppress(OSError):
        (folder / LOCK).unlink()
    for store in stores:
        if store != folder:
            # Another process may use it, or remove it at the same time.
            shutil.rmtree(store, ignore_errors=True)
    return folder


def _kept(job: Job, unfinished: Path) -> list[Done]:
    """What a killed process has done of these pieces. If it did others, they become a store."""
    done = Store(unfinished, job.image_size).done
    wanted = [(each.identity, each.part) for each in job.pieces[: len(done)]]
    if wanted == [(each.identity, each.part) for each in done] and not any(
        each.again for each in done
    ):
        return done
    aside = job.cache_dir / f"{job.name}earlier"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for name in (JOURNAL, *(f"{part}.npy" for part in PARTS)):
        (unfinished / name).rename(aside / name)
    return []


def _copied(piece: Piece, earlier: Sequence[Store], writer: Writer) -> Done | None:
    for store in earlier:
        found = store.find(piece.identity)
        if found is not None:
            done, images = found
            writer.write(piece.part, images)
            return msgspec.structs.replace(done, part=piece.part)
    return None


def _decoded(job: Job, piece: Piece, writer: Writer, bar: tqdm) -> Done:
    skipped: list[tuple[str, str]] = []
    report = Report(lambda name, reason: skipped.append((name, reason)))
    names = []
    images = decode_encoded(piece.read(report), job.image_size, threads=job.threads)
    with contextlib.closing(images):
        for name, image in images:
            if isinstance(image, str):
                skipped.append((name, image))
            else:
                writer.write(piece.part, image)
                names.append(name)
            bar.update(1)
    labels = [report.labels.get(name, "") for name in names]
    left_out = report.left_out.state()
    return Done(piece.identity, piece.part, names, labels, skipped, left_out, report.again)
