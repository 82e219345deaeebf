"""Random changes to training images. Each changes a whole batch and is a function of its seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import tensorflow as tf

from keras_selflearn.training import strong_augmentation as strong

# A share of height and width, as in the authors' code. The paper does not mention augmentation.
LARGEST_SHIFT = 0.125


def shift(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Move each image by fractions of a pixel, up to `LARGEST_SHIFT` in each direction.

    As `ImageDataGenerator` of Keras does it in the authors' code: both offsets are uniform, pixels
    between others are interpolated linearly, and the pixels at the edge are repeated.

    Parameters
    ----------
    images : (batch, height, width, channels), pixels from 0 to 255, any dtype
    seed : (2,) integers

    Returns
    -------
    The same shape and dtype; integers are rounded.
    """
    number = tf.shape(images)[0]
    offsets = [
        tf.random.stateless_uniform([number], axis_seed, -1, 1) * LARGEST_SHIFT * size
        for size, axis_seed in zip(
            images.shape[1:3], tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        )
    ]
    return moved(images, *offsets)


def moved(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Show at each place the pixel that lies so far below and to the right of it.

    Parameters
    ----------
    images : (batch, height, width, channels), any dtype
    down, right : (batch,) float32
        In pixels; for each image its own.
    """
    pixels = tf.cast(images, tf.float32)
    for axis, offsets in ((1, down), (2, right)):
        size = images.shape[axis]
        places = tf.range(size, dtype=tf.float32) + offsets[:, None]
        places = tf.clip_by_value(places, 0, size - 1)
        before = tf.cast(places, tf.int32)
        after = tf.minimum(before + 1, size - 1)
        share = places - tf.cast(before, tf.float32)
        share = share[:, :, None, None] if axis == 1 else share[:, None, :, None]
        # This is twice as fast as `ImageProjectiveTransformV3`.
        first, second = (
            tf.gather(pixels, each, axis=axis, batch_dims=1) for each in (before, after)
        )
        pixels = first + share * (second - first)
    return tf.cast(tf.round(pixels) if images.dtype.is_integer else pixels, images.dtype)


def whole_pixel_shift(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Move each image by whole pixels, up to `LARGEST_SHIFT`; shapes as in `shift`.

    The pixels at the edge are repeated.
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
    "whole-pixel-shift": whole_pixel_shift,
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
