"""Labels by several views of an image: the mean of their embeddings."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.labelling.similarity_graph import unit_rows
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import Network
from keras_selflearn.training.augmentation import LARGEST_SHIFT

View = Callable[[tf.Tensor], tf.Tensor]


def views_of(names: Sequence[str]) -> list[View]:
    """Return the views that are taken of each image.

    Parameters
    ----------
    names : sequence of "flip" and "shift"
        `flip`: the image and its mirror image. `shift`: the image, and the same moved by half of
        the largest shift of training to each side. Both: each of these five, and its mirror image.

    Returns
    -------
    list of callable
        From images (batch, height, width, channels) to images of the same shape and dtype. The
        first one changes nothing.
    """
    moves = [(0, 0)]
    if "shift" in names:
        moves += [(-1, 0), (1, 0), (0, -1), (0, 1)]
    mirrors = (False, True) if "flip" in names else (False,)
    return [
        functools.partial(_view, move=move, mirrored=mirrored)
        for mirrored in mirrors
        for move in moves
    ]


def embed_views(
    network: Network,
    images: np.ndarray,
    indices: np.ndarray,
    *,
    views: Sequence[View],
    normalized: bool,
) -> np.ndarray:
    """Return the mean of the embeddings (k, d) float32 of the views of these images.

    Parameters
    ----------
    network : Network
    images : (n, height, width, channels) uint8
    indices : (k,) int64
    views : sequence of callable
        See `views_of`.
    normalized : bool
        Whether embeddings have the Euclidean length 1. The mean has it then, too.
    """
    total = embed(network, images, indices, change=views[0])
    for view in views[1:]:
        total += embed(network, images, indices, change=view)
    mean = total / np.float32(len(views))
    return unit_rows(mean) if normalized else mean


def _view(images: tf.Tensor, *, move: tuple[int, int], mirrored: bool) -> tf.Tensor:
    for axis, direction in zip((1, 2), move):
        size = images.shape[axis]
        step = max(1, int(LARGEST_SHIFT / 2 * size))
        if direction:  # The pixels at the edge are repeated.
            positions = tf.clip_by_value(tf.range(size) + direction * step, 0, size - 1)
            images = tf.gather(images, positions, axis=axis)
    return tf.reverse(images, [2]) if mirrored else images
