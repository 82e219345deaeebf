"""tf.data pipelines that gather each batch by index from an array that is never copied.

A training batch is a function of the seed and the step alone, so a pipeline can start at any step
and has no state to save.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.training.augmentation import augment

_BATCHES_AHEAD = 2


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Number of batches of `n` examples; the last one may be smaller."""
    return -(-n // batch_size)


def training_batches(
    images: np.ndarray,
    indices: np.ndarray,
    labels: np.ndarray,
    *,
    batch_size: int,
    first_step: int,
    steps: int,
    augmentations: Sequence[str],
    seed: int,
) -> tf.data.Dataset:
    """Shuffled and augmented batches, epoch after epoch.

    Parameters
    ----------
    images : (n, height, width, channels) uint8
        An array or a memory map.
    indices : (k,) integers
        The training examples among them.
    labels : (k,) integers
        Theirs.
    batch_size : int
    first_step : int
        Its number, counted over all epochs; each epoch has an order of its own.
    steps : int
        Number of batches; the last epoch may be begun only.
    augmentations : sequence of str
        As `parse_augmentations` gives them.
    seed : int

    Returns
    -------
    tf.data.Dataset of (batch, height, width, channels) uint8 and (batch,) int64
    """
    indices, labels = np.asarray(indices), np.asarray(labels, np.int64)
    per_epoch = steps_per_epoch(len(indices), batch_size)

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(len(indices))

    def gather(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        epoch, batch = divmod(int(step), per_epoch)
        positions = order(epoch)[batch * batch_size : (batch + 1) * batch_size]
        return images[indices[positions]], labels[positions]

    def load(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, batch_labels = tf.numpy_function(gather, [step], [tf.uint8, tf.int64])
        batch.set_shape((None, *images.shape[1:]))
        batch_labels.set_shape((None,))
        return augment(batch, augmentations, tf.stack([seed, step])), batch_labels

    return _load_ahead(tf.data.Dataset.range(first_step, first_step + steps), load)


def inference_batches(
    images: np.ndarray, indices: np.ndarray, *, batch_size: int
) -> tf.data.Dataset:
    """Batches of the images at `indices`, in their order, as they are.

    Returns
    -------
    tf.data.Dataset of (batch, height, width, channels) uint8
    """

    def gather(start: np.ndarray) -> np.ndarray:
        return images[indices[int(start) : int(start) + batch_size]]

    def load(start: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(gather, [start], tf.uint8)
        batch.set_shape((None, *images.shape[1:]))
        return batch

    return _load_ahead(tf.data.Dataset.range(0, len(indices), batch_size), load)


def _load_ahead(
    numbers: tf.data.Dataset, load: Callable[[tf.Tensor], tf.Tensor | tuple[tf.Tensor, ...]]
) -> tf.data.Dataset:
    """The batches that `load` makes of the numbers, while the network computes with earlier ones.

    One thread does it: a batch takes hundreds of times less than the network needs for it, which
    can use all processors.
    """
    options = tf.data.Options()
    # An iterator that goes away waits until its autotuner wakes: half of the time that it was used,
    # and up to a minute.
    options.autotune.enabled = False
    return numbers.map(load).prefetch(_BATCHES_AHEAD).with_options(options)
