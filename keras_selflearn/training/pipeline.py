"""Training batches, gathered from an array of images or features that is never copied.

A batch is a function of the seed and the step alone. So a pipeline can start at any step and has no
state to save.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.network.loading import load_ahead


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Return the number of batches of `n` examples; the last one may be smaller."""
    return -(-n // batch_size)


def shuffled(n: int, batch_size: int, seed: int) -> Callable[[int], np.ndarray]:
    """Return a function from a step to the positions of its batch, each once an epoch."""
    per_epoch = steps_per_epoch(n, batch_size)

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(n)

    def draw(step: int) -> np.ndarray:
        epoch, batch = divmod(step, per_epoch)
        return order(epoch)[batch * batch_size : (batch + 1) * batch_size]

    return draw


def endless(n: int, batch_size: int, seed: int | tuple[int, ...]) -> Callable[[int], np.ndarray]:
    """Return a function from a step to so many positions below `n`.

    One shuffled order follows another without a gap. A batch that is larger than `n` holds
    positions more than once.
    """
    seeds = seed if isinstance(seed, tuple) else (seed,)

    @functools.lru_cache(maxsize=2)
    def order(epoch: int) -> np.ndarray:
        return np.random.default_rng([*seeds, epoch, n]).permutation(n)

    def draw(step: int) -> np.ndarray:
        places = np.arange(step * batch_size, (step + 1) * batch_size)
        return np.array([order(int(place) // n)[place % n] for place in places], np.int64)

    return draw


def drawn_batches(
    images: np.ndarray,
    indices: np.ndarray,
    targets: Sequence[np.ndarray],
    *,
    draw: Callable[[int], np.ndarray],
    change: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor],
    first_step: int,
    steps: int,
) -> tf.data.Dataset:
    """Return the batches of a training that `draw` chooses and `change` augments.

    Parameters
    ----------
    images : (n, height, width, channels) uint8, or (n, d) float32
    indices : (k,) integers
        The training examples among the images.
    targets : sequence of (k, ...) arrays
        What Keras' `fit` takes beside the images: labels, and weights if there are any.
    draw : callable
        From the number of a step to the positions in `indices` that its batch has.
    change : callable
        From images, positions and step to as many images, in TensorFlow.
    first_step, steps : int

    Returns
    -------
    tf.data.Dataset of images and targets
    """

    def gather(step: np.ndarray) -> tuple[np.ndarray, ...]:
        positions = draw(int(step)).astype(np.int64)
        return images[indices[positions]], positions, *(each[positions] for each in targets)

    def load(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        pixels, *others = (tf.as_dtype(each.dtype) for each in (images, *targets))
        batch, positions, *rest = tf.numpy_function(gather, [step], [pixels, tf.int64, *others])
        batch.set_shape((None, *images.shape[1:]))
        positions.set_shape((None,))
        for tensor, target in zip(rest, targets):
            tensor.set_shape((None, *target.shape[1:]))
        return change(batch, positions, step), *rest

    return load_ahead(tf.data.Dataset.range(first_step, first_step + steps), load)
