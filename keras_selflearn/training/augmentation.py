"""Random changes to training images. Each changes a whole batch and is a function of its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import tensorflow as tf

from keras_selflearn.training import strong_augmentation as strong

# A share of height and width, as in the authors' code. The paper does not mention augmentation.
LARGEST_SHIFT = 0.125


def shift(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Move each image by whole pixels, up to `LARGEST_SHIFT` in each direction.

    The pixels at the edge are repeated.

    Parameters
    ----------
    images : (batch, height, width, channels), any dtype
    seed : (2,) integers

    Returns
    -------
    The same shape and dtype.
    """
    seeds = tf.random.experimental.stateless_split(seed, 2)
    for axis, axis_seed in ((1, seeds[0]), (2, seeds[1])):
        size = images.shape[axis]
        largest = int(LARGEST_SHIFT * size)
        offsets = tf.random.stateless_uniform(
            [tf.shape(images)[0], 1], axis_seed, -largest, largest + 1, tf.int32
        )
        positions = tf.clip_by_value(tf.range(size)[None, :] + offsets, 0, size - 1)
        images = tf.gather(images, positions, axis=axis, batch_dims=1)
    return images


def flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror each image left to right with probability 1/2; shapes as in `shift`."""
    mirrored = tf.random.stateless_uniform([tf.shape(images)[0], 1], seed) < 0.5
    width = images.shape[2]
    # This is several times as fast as a choice between two arrays of pixels.
    positions = tf.where(mirrored, tf.range(width - 1, -1, -1), tf.range(width))
    return tf.gather(images, positions, axis=2, batch_dims=1)


# By the names in `options.augmentation`.
AUGMENTATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "shift": shift,
    "flip": flip,
    "brightness": strong.brightness,
    "contrast": strong.contrast,
    "saturation": strong.saturation,
    "rotate": strong.rotate,
    "zoom": strong.zoom,
    "square": strong.square,
}


def augment(images: tf.Tensor, names: Sequence[str], seed: tf.Tensor) -> tf.Tensor:
    """Apply the named augmentations in turn, each with its own seed; shapes as in `shift`."""
    for position, name in enumerate(names):
        own_seed = tf.random.experimental.stateless_fold_in(seed, position)
        images = AUGMENTATIONS[name](images, own_seed)
    return images
