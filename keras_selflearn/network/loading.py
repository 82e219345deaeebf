"""Loads batches while the network computes."""

from __future__ import annotations

from typing import Callable

import tensorflow as tf

_BATCHES_AHEAD = 2


def load_ahead(
    numbers: tf.data.Dataset, load: Callable[[tf.Tensor], tf.Tensor | tuple[tf.Tensor, ...]]
) -> tf.data.Dataset:
    """Return the batches that `load` makes of the numbers, loaded before they are needed.

    One thread loads. It takes hundreds of times less than the network takes for the same batch, and
    the network can use all processors.
    """
    options = tf.data.Options()
    # When an iterator is deleted, it waits until its autotuner wakes. This takes half of the time
    # for which it was used, up to a minute.
    options.autotune.enabled = False
    return numbers.map(load).prefetch(_BATCHES_AHEAD).with_options(options)
