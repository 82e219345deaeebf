"""Label a folder's images one after the other, however many there are."""

from __future__ import annotations

import contextlib
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
from PIL import Image
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.decoding import decode_pictures
from keras_selflearn.datasets.listing import find_images
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.network.model import Network

# Decoded while the network computes.
_BATCHES_AHEAD = 2


@dataclass(frozen=True)
class Labelled:
    """An image and what the classifier says of it.

    Attributes
    ----------
    path : str
        Below the folder, with forward slashes.
    label : str or number
        One of the classifier's `classes_`.
    confidence : float
        Larger is surer. Cross-entropy: the probability. Metric losses: minus the Euclidean
        distance to the nearest labelled example of the label.
    nearest : int or None
        That example, as its index in the X of `fit`; None for cross-entropy.
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

    JPEG, PNG, BMP, GIF and WebP, read as for training and resized to the classifier's size; hidden
    files are left out, links are followed. A few batches are in memory at a time.

    Parameters
    ----------
    classifier : SelfLearningClassifier
        Fitted or loaded.
    folder : path
        Only read.
    on_damaged : callable, optional
        Called with the path and the reason for each file that is no whole image, which is left
        out; by default a warning.

    Raises
    ------
    InputError
        When the folder, or one in it, can't be read.
    """
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
) -> Iterator[Labelled]:
    """Label these images below `folder`, in their order; see `label_folder`."""
    check_is_fitted(classifier)
    on_damaged = on_damaged or _warn
    decoded = _decoded(folder, paths, classifier.image_shape_)
    return _label(classifier, _whole(decoded, on_damaged))


def _warn(path: str, reason: str) -> None:
    warnings.warn(f"{path} is left out: {reason}", stacklevel=2)


def _label(
    classifier: SelfLearningClassifier, images: Iterator[tuple[str, np.ndarray]]
) -> Iterator[Labelled]:
    batch_size = inference_batch_size(classifier.image_shape_)
    while True:
        check_for_stop()
        batch = list(itertools.islice(images, batch_size))
        if not batch:
            return
        embeddings = _embed(classifier.network_, np.stack([pixels for _, pixels in batch]))
        labels, confidence, matched = classifier.labeller_.label(embeddings)
        for (path, _), label, sure, match in zip(
            batch, classifier.classes_[labels].tolist(), confidence.tolist(), matched
        ):
            yield Labelled(
                path, label, sure, int(classifier.reference_[match]) if match >= 0 else None
            )


def _embed(network: Network, images: np.ndarray) -> np.ndarray:
    if network.embedder.distribute_strategy.num_replicas_in_sync > 1:
        return embed(network, images, np.arange(len(images)))
    # The pipeline in `embed` pays where it lasts for more than a batch.
    return np.asarray(network.embed_batch(images))


def _whole(
    decoded: Iterator[tuple[str, np.ndarray | str]], on_damaged: Callable[[str, str], None]
) -> Iterator[tuple[str, np.ndarray]]:
    for path, image in decoded:
        if isinstance(image, str):
            on_damaged(path, image)
        else:
            yield path, image


def _decoded(
    folder: Path, paths: Iterable[str], image_shape: tuple[int, int, int]
) -> Iterator[tuple[str, np.ndarray | str]]:
    """Each path with its pixels in this shape, or with the reason why it has none."""
    height, width, channels = image_shape
    ahead = _BATCHES_AHEAD * inference_batch_size(image_shape)
    decoded = decode_pictures(folder, _readable(folder, paths), (height, width), ahead=ahead)
    with contextlib.closing(decoded):
        for path, image in decoded:
            if channels == 1 and not isinstance(image, str):
                image = np.asarray(Image.fromarray(image).convert("L"))[..., None]
            yield path, image


def _readable(folder: Path, paths: Iterable[str]) -> Iterator[str]:
    try:
        yield from paths
    except OSError as error:
        raise InputError(
            f"The folder of images {folder} can't be read: {error.strerror} ({error.filename})."
        ) from error
