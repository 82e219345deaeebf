"""Embeddings of images, as the trained network computes them."""

from __future__ import annotations

from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.network.loading import load_ahead
from keras_selflearn.network.model import Network
from keras_selflearn.network.process import check_process

# 400 images of 32x32 in a batch: the memory that the network needs grows with the pixels.
_INFERENCE_PIXELS = 400 * 32 * 32


def embed(
    network: Network,
    images: np.ndarray,
    indices: np.ndarray,
    *,
    change: Callable[[tf.Tensor], tf.Tensor] | None = None,
) -> np.ndarray:
    """Return the embeddings (k, d) float32 of the images at `indices` (k,).

    `change` may change the images of a batch first. It keeps their shape and dtype.
    """
    check_process()
    embeddings = np.empty((len(indices), network.embedder.output_shape[-1]), np.float32)
    if len(indices):
        batch_size = inference_batch_size(network.seen_shape)
        batches = inference_batches(images, indices, batch_size=batch_size)
        if change is not None:
            batches = batches.map(change)
        if network.embedder.distribute_strategy.num_replicas_in_sync > 1:
            return network.embedder.predict(batches, verbose=0)  # shares each batch out
        # Keras' `predict` would hold all of them twice, and Keras 3 traces it again for a last
        # batch that is smaller.
        for i, batch in enumerate(batches):
            check_for_stop()
            start = i * batch_size
            embeddings[start : start + batch_size] = network.embed_batch(batch)
    return embeddings


def inference_batch_size(image_shape: tuple[int, ...]) -> int:
    """Return how many images of this (height, width, channels) are embedded at a time."""
    height, width, _ = image_shape
    return max(1, _INFERENCE_PIXELS // (height * width))


def inference_batches(
    images: np.ndarray, indices: np.ndarray, *, batch_size: int
) -> tf.data.Dataset:
    """Return batches of the images at `indices`, in this order and unchanged.

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

    return load_ahead(tf.data.Dataset.range(0, len(indices), batch_size), load)
