"""Features of all images, computed once and kept on the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.network.embedding import inference_batches
from keras_selflearn.storage.digest import sha256_of_array
from keras_selflearn.storage.row_file import filled_rows

# 64 images of 160x160 in a batch: a small network computes a fourth of them half as fast.
_PIXELS = 64 * 160 * 160
_MOST_IMAGES = 512


def features_key(images: np.ndarray, network: dict[str, Any], weights: list[np.ndarray]) -> str:
    """Return the name of these images' features by this network, 64 hexadecimal digits.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
    network : dict
        All that decides the features besides weights, as JSON has it.
    weights : list of arrays
    """
    parts = [network, [*images.shape], sha256_of_array(images)]
    parts += [sha256_of_array(each) for each in weights]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def compute_features(
    compute: Callable[[tf.Tensor], tf.Tensor],
    images: np.ndarray,
    folder: Path,
    *,
    d: int,
    kind: str,
    network: str,
    pixels: int,
    tell: Callable[[str, int, int], None] | None = None,
) -> np.ndarray:
    """Compute the features of images, or read those that are there.

    Parameters
    ----------
    compute : callable
        From (batch, height, width, channels) uint8 to (batch, d) float32, as
        `HeadNetwork.feature_functions` has it.
    images : (n, height, width, channels) uint8
    folder : Path
        Keeps the features; its name tells these images and this network from all others.
    d : int
        The number of features of an image.
    kind : str
        "training" or "test", for what is told.
    network : str
        The name of the network, for an error.
    pixels : int
        Pixels of an image as the network sees it: a batch has fewer images where there are more.
    tell : callable, optional
        `tell(kind, done, n)` is called after each batch.

    Returns
    -------
    (n, d) float32
        A memory map that can't be written to.

    Raises
    ------
    InputError
        When a feature is NaN or infinite, or the disk is full.
    """
    n = len(images)
    batch_size = max(1, min(_MOST_IMAGES, _PIXELS // pixels))

    def blocks_from(start: int) -> Iterator[np.ndarray]:
        done = start
        for batch in inference_batches(images, np.arange(start, n), batch_size=batch_size):
            check_for_stop()
            block = compute(batch).numpy()
            if not np.isfinite(block).all():
                raise InputError(
                    f"The network '{network}' gives features that are NaN or infinite, first for"
                    f" one of the {kind} images {done} to {done + len(block) - 1}: its weights are"
                    " damaged, or its pixels are scaled in another way (--preprocessing)."
                )
            yield block
            done += len(block)
            if tell is not None:
                tell(kind, done, n)

    with stage(f"features of {kind} images", images=n):
        return filled_rows(folder, (n, d), blocks_from)
