"""Label all images in a folder, with a few of them in memory at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import warnings
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
from PIL import Image
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.image_files.flat_colours import FlatColours
from keras_selflearn.datasets.image_files.in_parallel import (
    decode_encoded,
    decode_pictures,
    whole_images,
)
from keras_selflearn.datasets.listing import find_images
from keras_selflearn.datasets.sources.find import Source, find_source
from keras_selflearn.datasets.sources.piece import Report
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.network.model import Network

# Batches that are decoded while the network computes.
_BATCHES_AHEAD = 2


@dataclass(frozen=True)
class Labelled:
    """An image and the label that the classifier gives it.

    Attributes
    ----------
    path : str
        Its path below the folder, with forward slashes.
    label : str or number
        One of the classifier's `classes_`.
    confidence : float
        Larger is surer; `labeller_.confidence_unit` names the unit.
    nearest : int or None
        The index, in the X of `fit`, of the nearest labelled image with this label; None where
        the labeller compares with no image.
    """

    path: str
    label: Any
    confidence: float
    nearest: int | None


def label_folder(
    classifier: SelfLearningClassifier,
    folder: str | os.PathLike,
    *,
    on_damaged: Callable[[str, str], None] | None = None,
) -> Iterator[Labelled]:
    """Label all images below `folder`, in the order in which the system lists them.

    Shards, and addresses that fsspec knows, are taken, too: see `find_source`.

    Images are read as for training and resized to the classifier's size. Links are followed. A
    warning counts the files that are no images. Another one says if more than half of the images
    are one flat colour each.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted or loaded.
    folder : path or address
        Nothing is written to it.
    on_damaged : callable, optional
        Called with the path and the reason for each file that is not a whole image. Such a file is
        left out. By default there is a warning.

    Raises
    ------
    InputError
        When the folder can't be read. A subfolder that can't be read is left out.
    """
    source = find_source(folder)
    if source is not None:
        return label_source(classifier, source, on_damaged=on_damaged)
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise InputError(f"There is no folder of images {folder}.")
    return label_files(classifier, folder, find_images(folder), on_damaged=on_damaged)


def label_files(
    classifier: SelfLearningClassifier,
    folder: Path,
    paths: Iterable[str],
    *,
    on_damaged: Callable[[str, str], None] | None = None,
) -> Generator[Labelled, None, None]:
    """Label the images at `paths` below `folder` in this order; see `label_folder`."""
    check_is_fitted(classifier)
    decoded = _decoded(folder, paths, classifier.image_shape_)
    return _label(classifier, whole_images(decoded, on_damaged or _warn))


def label_source(
    classifier: SelfLearningClassifier,
    source: Source,
    *,
    on_damaged: Callable[[str, str], None] | None = None,
) -> Generator[Labelled, None, None]:
    """Label the images of shards, or of a folder behind an address; see `label_folder`."""
    check_is_fitted(classifier)
    height, width, _ = shape = classifier.image_shape_
    on_damaged = on_damaged or _warn
    decoded = decode_encoded(
        source.images(Report(on_damaged)),
        (height, width),
        threads=source.threads,
        ahead=_ahead(shape),
    )
    return _label(classifier, whole_images(_seen(decoded, shape, str(source.address)), on_damaged))


def _ahead(shape: tuple[int, int, int]) -> int:
    return _BATCHES_AHEAD * inference_batch_size(shape)


def _warn(path: str, reason: str) -> None:
    warnings.warn(f"{path} is left out: {reason}", stacklevel=2)


def _label(
    classifier: SelfLearningClassifier, images: Iterator[tuple[str, np.ndarray]]
) -> Generator[Labelled, None, None]:
    batch_size = inference_batch_size(classifier.network_.seen_shape)
    while True:
        check_for_stop()
        batch = list(itertools.islice(images, batch_size))
        if not batch:
            return
        embeddings = _embed(classifier.network_, np.stack([pixels for _, pixels in batch]))
        found = classifier.labeller_.label(embeddings)
        labels = classifier.classes_[found.labels].tolist()
        for (path, _), label, sure, near in zip(
            batch, labels, found.confidence.tolist(), found.nearest
        ):
            nearest = int(classifier.reference_[near]) if near >= 0 else None
            yield Labelled(path, label, sure, nearest)


def _embed(network: Network, images: np.ndarray) -> np.ndarray:
    if network.embedder.distribute_strategy.num_replicas_in_sync > 1:
        return embed(network, images, np.arange(len(images)))
    # The pipeline in `embed` takes longer to start than one batch takes.
    return np.asarray(network.embed_batch(images))


def _decoded(
    folder: Path, paths: Iterable[str], image_shape: tuple[int, int, int]
) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each path with its pixels in this shape, or with the reason why it can't be read."""
    size, ahead = image_shape[:2], _ahead(image_shape)
    decoded = decode_pictures(folder, _readable(folder, paths), size, ahead=ahead)
    return _seen(decoded, image_shape, str(folder))


def _seen(
    decoded: Generator[tuple[str, np.ndarray | str], None, None],
    image_shape: tuple[int, int, int],
    where: str,
) -> Iterator[tuple[str, np.ndarray | str]]:
    """What is decoded, in so many channels. At the end flat images are warned of."""
    channels = image_shape[2]
    flat = FlatColours()
    with contextlib.closing(decoded):
        for path, image in decoded:
            if not isinstance(image, str):
                flat.add([image])
            if channels == 1 and not isinstance(image, str):
                image = np.asarray(Image.fromarray(image).convert("L"))[..., None]
            yield path, image
    flat.warn(where)


def _readable(folder: Path, paths: Iterable[str]) -> Iterator[str]:
    try:
        yield from paths
    except OSError as error:
        raise InputError(
            f"The folder of images {folder} can't be read: {error.strerror} ({error.filename})."
        ) from error
